using System.Text;
using HashStore.Storage;
using HashStore.Storage.Staging;
using HashStore.Tests.Support;
using Mono.Unix.Native;
using Xunit;

namespace HashStore.Tests.Faults;

/// <summary>A store on a file system of 24 MiB that is full.</summary>
public sealed class DiskFullTests
{
    private const int DiskMebibytes = 24;

    /// <summary>
    /// Memory that is mapped onto a hole of a file is a promise that a full disk cannot keep: the first touch
    /// would kill the process (SIGBUS). Every test here begins with this.
    /// </summary>
    [NeedsFact("root")]
    public async Task The_removal_counter_has_its_block_before_the_disk_is_full()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await OpenAsync(disk);
        Assert.NotNull(test.Store.Names);
    }

    [NeedsTheory("root")]
    [InlineData(100_000, true)]
    [InlineData(100_000, false)]
    [InlineData(4 << 20, true)]
    [InlineData(10 << 20, true)]
    [InlineData(10 << 20, false)]
    [InlineData(30 << 20, true)]
    public async Task An_upload_that_does_not_fit_is_refused_whole_and_the_store_works_on_when_there_is_room(int size, bool declared)
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await OpenAsync(disk);
        var before = await test.PutAsync("Before.txt", "before");
        var filler = disk.Fill();
        var content = new byte[size];
        content[0] = 1;

        await Refusal.ExpectAsync(StoreFault.NoSpace, () => PutAsync(test.Store, content, declared));
        Assert.Empty(test.Contents().Staged);
        Assert.Equal("before"u8.ToArray(), (await test.Store.Objects.FindAsync(before.File.Current.Key)).Found!.Body);
        Assert.Null(await test.Store.Names.FindCurrentAsync("Large.bin".Named()));

        File.Delete(filler);
        if (size < DiskMebibytes << 19)
        {
            Assert.True((await PutAsync(test.Store, content, declared)).IsNew);
        }

        Assert.True((await test.PutAsync("After.txt", "after")).IsNew);
        test.Contents().CheckSettled();
        await test.ReopenAsync();
        test.Contents().CheckSettled();
    }

    [NeedsFact("root")]
    public async Task Small_uploads_fill_the_disk_to_the_end_and_every_acknowledged_one_is_there()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await OpenAsync(disk);
        File.WriteAllBytes(Path.Combine(disk.Path, "filler"), new byte[18 << 20]);
        var acknowledged = new List<string>();
        StoreException? refusal = null;
        for (var i = 0; refusal is null && i < 5000; i++)
        {
            try
            {
                await test.PutAsync($"Name{i}.txt", Encoding.UTF8.GetBytes(new string('x', 20_000) + i));
                acknowledged.Add($"Name{i}.txt");
            }
            catch (StoreException exception)
            {
                refusal = exception;
            }
        }

        Assert.True(refusal?.Fault == StoreFault.NoSpace, $"{refusal}");
        Assert.NotEmpty(acknowledged);
        File.Delete(Path.Combine(disk.Path, "filler"));
        Assert.True((await test.PutAsync("After.txt", "after")).IsNew);
        test.Contents().CheckSettled();
        await test.ReopenAsync();
        Assert.Equal([.. acknowledged, "After.txt"], test.Contents().Names.OrderBy(pair => pair.Key).Select(pair => pair.Value.Name));
        test.Contents().CheckSettled();
    }

    [NeedsFact("root")]
    public async Task On_a_full_disk_a_deletion_is_done_or_refused_and_never_half()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await OpenAsync(disk);
        var key = (await test.PutAsync("One.txt", "content")).File.Current.Key;
        Assert.NotNull((await test.Store.Objects.FindAsync(key)).Found);
        var filler = disk.Fill();
        var deleted = true;
        try
        {
            await test.Store.DeleteAsync("One.txt");
        }
        catch (StoreException exception)
        {
            Assert.Equal(StoreFault.NoSpace, exception.Fault);
            deleted = (await test.Store.Names.FindCurrentAsync("One.txt".Named()))!.Deleted;
        }

        Assert.Equal(deleted, (await test.Store.Objects.FindAsync(key)).Found is null);
        File.Delete(filler);
        await test.ReopenAsync();
        Assert.Equal(deleted, (await test.Store.Names.FindCurrentAsync("One.txt".Named()))!.Deleted);
        test.Contents().CheckSettled();
    }

    [NeedsFact("root")]
    public async Task A_store_on_a_full_disk_is_refused_with_what_is_missing()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await OpenAsync(disk);
        var key = (await test.PutAsync("One.txt", "content")).File.Current.Key;
        await test.CloseAsync();
        var filler = disk.Fill();
        await Refusal.ExpectAsync(StoreFault.NoSpace, test.ReopenAsync);
        File.Delete(filler);
        await test.ReopenAsync();
        Assert.NotNull((await test.Store.Objects.FindAsync(key)).Found);
        test.Contents().CheckSettled();
    }

    private static async Task<TestStore> OpenAsync(MemoryFileSystem disk)
    {
        var test = await TestStore.OpenAsync(Databases.OfPrograms, parent: disk.Path);
        Assert.Equal(0, Syscall.stat(test.Paths.Removals, out var removals));
        Assert.True(removals.st_blocks > 0, "The removal counter is a hole: touching it on a full disk would kill this process.");
        return test;
    }

    private static async Task<PutResult> PutAsync(Store store, byte[] content, bool declared)
    {
        using var staged = await store.StageAsync(
            new MemoryStream(content),
            new StageLimits(long.MaxValue, declared ? content.Length : null, []),
            CancellationToken.None);
        return await store.PutAsync(staged, new PutRequest("Large.bin".Named(), StoreSteps.User, "", default));
    }

    /// <summary>Takes every byte that is left.</summary>
}
