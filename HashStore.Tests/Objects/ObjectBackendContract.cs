using System.Text;
using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Objects;

/// <summary>What every backend keeps to. A test class derives from it for each one; <see cref="BackendComplianceTests"/>
/// fails where a backend has none.</summary>
public abstract class ObjectBackendContract : IDisposable
{
    private static readonly byte[] sample = Encoding.UTF8.GetBytes("0123456789");
    private readonly TempFolder staging = new();
    private int staged;

    /// <summary>Keys of the shortest, the default and the longest usual length.</summary>
    public static TheoryData<string> Keys { get; } = ["1234", "123456789abcdef0", string.Concat(Enumerable.Repeat("fedcba9876543210", 4))];

    /// <summary>The backend, empty at first.</summary>
    private protected abstract IObjectBackend Backend { get; }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task An_added_object_is_there_and_its_staged_file_is_taken(string hex)
    {
        var path = Stage(sample);
        Assert.True(await Backend.AddAsync(Key(hex), path, Zone.Public));
        Assert.False(File.Exists(path));
        Assert.Equal(sample.Length, (await Backend.StatAsync(Key(hex), Zone.Public))!.Value.Size);
        Assert.Equal(sample, await ReadAllAsync(Key(hex), Zone.Public));
        Assert.Null(await Backend.StatAsync(Key(hex), Zone.Deleted));
        Assert.Null(await Backend.OpenAsync(Key(hex), Zone.Deleted));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Adding_twice_keeps_the_first_object_and_the_second_staged_file(string hex)
    {
        Assert.True(await Backend.AddAsync(Key(hex), Stage(sample), Zone.Public));
        var second = Stage("another"u8.ToArray());
        Assert.False(await Backend.AddAsync(Key(hex), second, Zone.Public));
        Assert.Equal("another"u8.ToArray(), await File.ReadAllBytesAsync(second));
        Assert.Equal(sample, await ReadAllAsync(Key(hex), Zone.Public));
    }

    [Theory]
    [InlineData(0, 10, "0123456789")]
    [InlineData(0, 100, "0123456789")]
    [InlineData(3, 4, "3456")]
    [InlineData(9, 5, "9")]
    [InlineData(10, 5, "")]
    [InlineData(99, 5, "")]
    [InlineData(5, 0, "")]
    public async Task Reads_any_range(long offset, int length, string expected)
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        using var bytes = (await Backend.OpenAsync(Key("1234"), Zone.Public))!;
        var buffer = new byte[length];
        var count = await bytes.ReadAsync(buffer, offset, CancellationToken.None);
        Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, count));
        Assert.Equal(sample.Length, bytes.Stat.Size);
    }

    [Fact]
    public async Task Reading_stops_when_it_is_cancelled()
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        using var bytes = (await Backend.OpenAsync(Key("1234"), Zone.Public))!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await bytes.ReadAsync(new byte[1], 0, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        Assert.True(await Backend.AddAsync(Key("1234"), Stage([]), Zone.Public));
        Assert.Equal(0, (await Backend.StatAsync(Key("1234"), Zone.Public))!.Value.Size);
        Assert.Empty((await ReadAllAsync(Key("1234"), Zone.Public))!);
    }

    [Fact]
    public async Task What_is_absent_is_null_or_false()
    {
        foreach (var zone in Enum.GetValues<Zone>())
        {
            Assert.Null(await Backend.StatAsync(Key("1234"), zone));
            Assert.Null(await Backend.OpenAsync(Key("1234"), zone));
            Assert.False(await Backend.MoveAsync(Key("1234"), zone));
            Assert.False(await Backend.RemoveAsync(Key("1234"), zone));
        }

        // The same first digits: its directories are there now.
        await Backend.AddAsync(Key("123456"), Stage(sample), Zone.Public);
        Assert.Null(await Backend.StatAsync(Key("123457"), Zone.Public));
        Assert.Null(await Backend.OpenAsync(Key("123457"), Zone.Public));
        Assert.False(await Backend.RemoveAsync(Key("123457"), Zone.Public));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Moves_an_object_out_and_back(string hex)
    {
        await Backend.AddAsync(Key(hex), Stage(sample), Zone.Public);

        Assert.True(await Backend.MoveAsync(Key(hex), Zone.Public));
        Assert.Null(await ReadAllAsync(Key(hex), Zone.Public));
        Assert.Equal(sample, await ReadAllAsync(Key(hex), Zone.Deleted));
        Assert.False(await Backend.MoveAsync(Key(hex), Zone.Public));

        Assert.True(await Backend.MoveAsync(Key(hex), Zone.Deleted));
        Assert.Equal(sample, await ReadAllAsync(Key(hex), Zone.Public));
        Assert.Null(await ReadAllAsync(Key(hex), Zone.Deleted));
        Assert.False(await Backend.MoveAsync(Key(hex), Zone.Deleted));
    }

    [Theory]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task Moving_replaces_an_equal_object(Zone from)
    {
        await AddToBothZonesAsync(Key("1234"));
        var to = from == Zone.Public ? Zone.Deleted : Zone.Public;
        Assert.True(await Backend.MoveAsync(Key("1234"), from));
        Assert.Null(await ReadAllAsync(Key("1234"), from));
        Assert.Equal(sample, await ReadAllAsync(Key("1234"), to));
    }

    [Theory]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task Removing_takes_an_object_out_of_its_zone_alone_and_may_be_repeated(Zone zone)
    {
        await AddToBothZonesAsync(Key("1234"));
        Assert.True(await Backend.RemoveAsync(Key("1234"), zone));
        Assert.False(await Backend.RemoveAsync(Key("1234"), zone));
        Assert.Null(await Backend.StatAsync(Key("1234"), zone));
        Assert.NotNull(await Backend.StatAsync(Key("1234"), zone == Zone.Public ? Zone.Deleted : Zone.Public));
    }

    [Fact]
    public async Task A_removed_object_can_be_added_again()
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        await Backend.RemoveAsync(Key("1234"), Zone.Public);
        Assert.True(await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public));
        Assert.Equal(sample, await ReadAllAsync(Key("1234"), Zone.Public));
    }

    [Fact]
    public async Task Bytes_that_are_open_stay_readable_when_the_object_goes()
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        using var bytes = (await Backend.OpenAsync(Key("1234"), Zone.Public))!;
        await Backend.RemoveAsync(Key("1234"), Zone.Public);
        var buffer = new byte[sample.Length];
        Assert.Equal(sample.Length, await bytes.ReadAsync(buffer, 0, CancellationToken.None));
        Assert.Equal(sample, buffer);
    }

    [Fact]
    public async Task Lists_what_each_zone_holds()
    {
        if (Backend is not IListableBackend listable)
        {
            return;
        }

        Assert.Empty(listable.List(Zone.Public));
        Assert.Empty(listable.List(Zone.Deleted));
        string[] all = ["0000", "ffff", "123456789abcdef0", "123456789abcdef1", "12345678"];
        foreach (var hex in all)
        {
            await Backend.AddAsync(Key(hex), Stage(sample), Zone.Public);
        }

        await Backend.MoveAsync(Key("ffff"), Zone.Public);
        Assert.Equal(
            [.. all.Where(hex => hex != "ffff")
                .Order(StringComparer.Ordinal)
                .Select(hex => new ListedObject(ObjectPath.Of(Key(hex)), Key(hex), sample.Length))],
            listable.List(Zone.Public).OrderBy(found => found.Key.ToString(), StringComparer.Ordinal));
        Assert.Equal([new ListedObject("f/f/f/f", Key("ffff"), sample.Length)], listable.List(Zone.Deleted));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Of_many_that_add_one_key_at_once_exactly_one_does(string hex)
    {
        var paths = Enumerable.Range(0, 24).Select(i => Stage([(byte)i])).ToList();
        var added = await Task.WhenAll(paths.Select(path => Task.Run(async () => await Backend.AddAsync(Key(hex), path, Zone.Public))));
        var winner = Assert.Single(added.Index(), result => result.Item).Index;
        Assert.Equal(new[] { (byte)winner }, await ReadAllAsync(Key(hex), Zone.Public));
        Assert.Equal(paths.Where((_, i) => i != winner), paths.Where(File.Exists));
    }

    [Fact]
    public async Task Of_many_that_move_one_key_at_once_at_least_one_does_and_nothing_is_lost()
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        var moved = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Backend.MoveAsync(Key("1234"), Zone.Public))));
        Assert.Contains(true, moved);
        Assert.Null(await Backend.StatAsync(Key("1234"), Zone.Public));
        Assert.Equal(sample, await ReadAllAsync(Key("1234"), Zone.Deleted));
    }

    [Fact]
    public async Task Of_many_that_remove_one_key_at_once_none_fails()
    {
        await Backend.AddAsync(Key("1234"), Stage(sample), Zone.Public);
        var removed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Backend.RemoveAsync(Key("1234"), Zone.Public))));
        Assert.Contains(true, removed);
        Assert.Null(await Backend.StatAsync(Key("1234"), Zone.Public));
    }

    [Fact]
    public async Task Many_keys_can_be_added_at_once()
    {
        var keys = Enumerable.Range(0, 64).Select(i => Key($"{i * 977:x4}{i:x4}")).ToList();
        var added = await Task.WhenAll(keys.Select((key, i) => Task.Run(async () => await Backend.AddAsync(key, Stage([(byte)i]), Zone.Public))));
        Assert.All(added, Assert.True);
        for (var i = 0; i < keys.Count; i++)
        {
            Assert.Equal(new[] { (byte)i }, await ReadAllAsync(keys[i], Zone.Public));
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => staging.Dispose();

    [Theory]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task An_object_gets_another_key_while_both_lead_to_it(Zone zone)
    {
        var (old, now, backend) = (Key("123456"), Key("123456789a"), (IRekeyableBackend)Backend);
        Assert.False(await backend.LinkAsync(old, now, zone));
        await Backend.AddAsync(old, Stage(sample), zone);
        for (var times = 0; times < 2; times++)
        {
            Assert.True(await backend.LinkAsync(old, now, zone));
            Assert.Equal(sample, await ReadAllAsync(old, zone));
            Assert.Equal(sample, await ReadAllAsync(now, zone));
        }

        for (var times = 0; times < 2; times++)
        {
            await backend.PointAsync(old, now, zone == Zone.Public);
            Assert.Equal(sample, await ReadAllAsync(now, zone));
            Assert.Null(await Backend.OpenAsync(old, Zone.Deleted));
        }

        // And back, over what is at the old place now.
        Assert.True(await backend.LinkAsync(now, old, zone));
        await backend.PointAsync(now, old, zone == Zone.Public);
        Assert.Equal(sample, await ReadAllAsync(old, zone));
        if (Backend is IListableBackend listable)
        {
            Assert.Equal([old], listable.List(zone).Select(listed => listed.Key).OfType<ContentKey>());
        }
    }

    [Fact]
    public async Task A_second_key_takes_the_place_of_bytes_that_nobody_promises()
    {
        await Backend.AddAsync(Key("123456"), Stage(sample), Zone.Public);
        await Backend.AddAsync(Key("123456789a"), Stage("stray"u8.ToArray()), Zone.Public);
        Assert.True(await ((IRekeyableBackend)Backend).LinkAsync(Key("123456"), Key("123456789a"), Zone.Public));
        Assert.Equal(sample, await ReadAllAsync(Key("123456789a"), Zone.Public));
    }

    private protected static ContentKey Key(string hex) =>
        ContentKey.TryParse(hex, out var key) ? key : throw new ArgumentException($"{hex} is no key.", nameof(hex));

    /// <summary>A file as the staging area leaves it: whole, synced, read-only.</summary>
    private protected string Stage(byte[] content)
    {
        var path = staging.Write($"{Interlocked.Increment(ref staged)}", content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return path;
    }

    private protected async Task<byte[]?> ReadAllAsync(ContentKey key, Zone zone)
    {
        using var bytes = await Backend.OpenAsync(key, zone);
        if (bytes is null)
        {
            return null;
        }

        var buffer = new byte[bytes.Stat.Size];
        Assert.Equal(buffer.Length, await bytes.ReadAsync(buffer, 0, CancellationToken.None));
        return buffer;
    }

    private async Task AddToBothZonesAsync(ContentKey key)
    {
        await Backend.AddAsync(key, Stage(sample), Zone.Public);
        await Backend.MoveAsync(key, Zone.Public);
        Assert.True(await Backend.AddAsync(key, Stage(sample), Zone.Public));
    }
}
