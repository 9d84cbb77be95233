using System.Text;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Stores;

/// <summary>Equal keys of different contents, and algorithms other than the default.</summary>
public sealed class CollisionTests(ITestOutputHelper output)
{
    // Two blocks with the same MD5 (Wang, Feng, Lai, Yu: "Collisions for Hash Functions MD4, MD5, HAVAL-128 and RIPEMD", 2004).
    private const string Md5First =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        + "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";

    private const string Md5Second =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
        + "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70";

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Of_contents_with_one_key_the_first_is_kept_and_the_others_are_refused(DatabaseProvider provider)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var test = await TestStore.OpenAsync(provider, DigestAlgorithm.Sha256, ContentKey.MinBits);
        var contents = Enumerable.Range(0, 700).Select(i => Encoding.UTF8.GetBytes($"{i} {random.NextInt64():x16}")).ToArray();

        // The last ones are made to collide with the first ones, whatever the seed is.
        for (var i = 0; i < 5; i++)
        {
            var wanted = test.KeyOf(contents[i]);
            byte[] found;
            do
            {
                found = Encoding.UTF8.GetBytes($"{i} {random.NextInt64():x16}");
            }
            while (test.KeyOf(found) != wanted);

            contents[^(i + 1)] = found;
        }

        var accepted = await Task.WhenAll(contents.Select((content, i) => Task.Run(() => TryAsync(test, $"Name{i}.txt", content))));
        var refused = accepted.Count(taken => !taken);
        Assert.Equal(contents.Length - contents.Select(test.KeyOf).Distinct().Count(), refused);
        Assert.True(refused >= 5);
        Assert.Equal(refused, test.Store.Meters.Collisions.Value);

        for (var i = 0; i < contents.Length; i++)
        {
            var found = await test.Store.Names.FindCurrentAsync($"Name{i}.txt".Named());
            Assert.Equal(accepted[i], found is not null);
            if (found is not null)
            {
                Assert.Equal(contents[i], (await test.Store.Objects.FindAsync(found.Current.Key)).Found!.Body);
            }
        }

        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task A_deleted_content_keeps_its_key()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, ContentKey.MinBits);
        var first = "first"u8.ToArray();
        var second = Enumerable.Range(0, int.MaxValue)
            .Select(i => Encoding.UTF8.GetBytes($"second {i}"))
            .First(content => test.KeyOf(content) == test.KeyOf(first));
        await test.PutAsync("One.txt", first);
        await test.Store.DeleteAsync("One.txt");
        await Refusal.ExpectAsync(StoreFault.Collision, () => test.PutAsync("Two.txt", second));
        await test.Store.UndeleteAsync("One.txt");
        Assert.Equal(first, (await test.Store.Objects.FindAsync(test.KeyOf(first))).Found!.Body);
        test.Contents().CheckSettled();
    }

    [Theory]
    [InlineData(128)]
    [InlineData(64)]
    public async Task Contents_with_one_md5_are_told_apart_by_their_sha256(int keyBits)
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Md5, keyBits);
        byte[] first = Convert.FromHexString(Md5First), second = Convert.FromHexString(Md5Second);
        Assert.Equal(TestStore.Digest(first, DigestAlgorithm.Md5), TestStore.Digest(second, DigestAlgorithm.Md5));
        var put = await test.PutAsync("One.bin", first);
        Assert.Equal(TestStore.Digest(first), put.File.Current.Sha256);

        await Refusal.ExpectAsync(StoreFault.Collision, () => test.PutAsync("One.bin", second));
        await Refusal.ExpectAsync(StoreFault.Collision, () => test.PutAsync("Two.bin", second));
        Assert.Equal(2, test.Store.Meters.Collisions.Value);
        Assert.Equal(first, (await test.Store.Objects.FindAsync(put.File.Current.Key)).Found!.Body);
        Assert.True((await test.PutAsync("Two.bin", first)).IsDuplicate);
        test.Contents().CheckSettled();
    }

    [Theory]
    [InlineData(DigestAlgorithm.Md5, 64)]
    [InlineData(DigestAlgorithm.Md5, 128)]
    [InlineData(DigestAlgorithm.Sha1, 160)]
    [InlineData(DigestAlgorithm.Sha512, 64)]
    [InlineData(DigestAlgorithm.Sha512, 512)]
    [InlineData(DigestAlgorithm.Sha256, 256)]
    public async Task A_store_by_another_algorithm_keeps_its_digest_and_the_sha256(DigestAlgorithm algorithm, int keyBits)
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, algorithm, keyBits);
        var content = "content"u8.ToArray();
        var digest = TestStore.Digest(content, algorithm);
        var version = (await test.PutAsync("One.txt", content)).File.Current;
        Assert.Equal((digest, TestStore.Digest(content), digest.ToKey(keyBits)), (version.Digest, version.Sha256, version.Key));
        Assert.Equal(version, (await test.Store.Names.FindAsync("One.txt".Named())).File!.Current);
        Assert.Equal(algorithm == DigestAlgorithm.Sha256, test.Contents().Files[version.Key.ToString()].Digest is null);
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(version.Key));

        var served = (await test.Store.Objects.FindAsync(version.Key)).Found!;
        Assert.Equal($"\"{digest}\"", served.ETag);
        Assert.Equal($"sha-256=:{Convert.ToBase64String(TestStore.Digest(content).Span)}:", served.ReprDigest);
        Assert.Single(await test.Store.Names.ListAsync(new(null, null, 10, TestStore.Digest(content), false)));
        await test.Store.DeleteAsync("One.txt");
        await test.ReopenAsync();
        await test.Store.UndeleteAsync("One.txt");
        test.Contents().CheckSettled();
    }

    private static async Task<bool> TryAsync(TestStore test, string name, byte[] content)
    {
        try
        {
            _ = await test.PutAsync(name, content);
            return true;
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Collision)
        {
            return false;
        }
    }
}
