using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Schema;
using HashStore.Storage.Content;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9530 (digest fields), the parts of RFC 8941 that they use, and RFC 1864 (Content-MD5).</summary>
public sealed class RequestDigestsTests
{
    // RFC 9530, sections 2 and 3
    private const string Sha256 = "d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=";
    private const string Sha512 = "YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==";
    private const string Sha = "B03hvZxvlp2KhixWhkVqCAWzMhs=";
    private const string Md5 = "Q2hlY2sgSW50ZWdyaXR5IQ=="; // RFC 1864 section 2

    [Theory]
    // RFC 9530, sections 2 and 3
    [InlineData($"sha-512=:{Sha512}:", "Sha512")]
    [InlineData($"sha-256=:{Sha256}:,sha-512=:{Sha512}:", "Sha256 Sha512")]
    [InlineData($"sha-256=:{Sha256}:", "Sha256")]
    [InlineData($"sha=:{Sha}:, md5=:{Md5}:", "Sha1 Md5")]
    // RFC 8941: white space, parameters of every type, repeated keys
    [InlineData($"  sha-256=:{Sha256}: \t,\t md5=:{Md5}:  ", "Sha256 Md5")]
    [InlineData($"sha-256=:{Sha256}:;x=1;y;z=-12.5;s=\"a\\\"b,\\\\\";t=tok/en:*;b=:AA==:;f=?0;  g=?1, md5=:{Md5}:;*a-b_c.d", "Sha256 Md5")]
    [InlineData($"sha-256=:{Sha256}:, md5=:{Md5}:, sha-256=:{Sha256}:", "Md5 Sha256")]
    // algorithms that are not known, beside one that is
    [InlineData($"unixsum=:AAA=:, sha-256=:{Sha256}:, sha-999=::", "Sha256")]
    public void A_field_is_read(string field, string algorithms)
    {
        Assert.True(RequestDigests.TryParse([field], out var expected, out var problem), problem);
        Assert.Null(problem);
        Assert.Equal(algorithms, string.Join(' ', expected.Select(e => e.Algorithm)));
        Assert.All(expected, e => Assert.Equal(
            e.Algorithm switch { DigestAlgorithm.Sha256 => Sha256, DigestAlgorithm.Sha512 => Sha512, DigestAlgorithm.Sha1 => Sha, _ => Md5 },
            Convert.ToBase64String(e.Value.Span)));
    }

    [Theory]
    [InlineData("sha-256", "dictionary")]
    [InlineData("sha-256=", "dictionary")]
    [InlineData("sha-256=1", "dictionary")]
    [InlineData("sha-256=?1", "dictionary")]
    [InlineData($"sha-256={Sha256}", "dictionary")]
    [InlineData($"sha-256=\"{Sha256}\"", "dictionary")]
    [InlineData($"sha-256=(:{Sha256}:)", "dictionary")]
    [InlineData($"sha-256=:{Sha256}", "dictionary")]
    [InlineData($"sha-256 =:{Sha256}:", "dictionary")]
    [InlineData($"sha-256= :{Sha256}:", "dictionary")]
    [InlineData($"SHA-256=:{Sha256}:", "dictionary")]
    [InlineData($"256=:{Sha256}:", "dictionary")]
    [InlineData($"\tsha-256=:{Sha256}:", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:,", "dictionary")]
    [InlineData($",sha-256=:{Sha256}:", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:,,md5=:{Md5}:", "dictionary")]
    [InlineData($"sha-256=:{Sha256}: md5=:{Md5}:", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;X", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=?2", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=1.", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=1234567890123456", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=\"a", "dictionary")]
    [InlineData($"sha-256=:{Sha256}:;x=\"\\a\"", "dictionary")]
    [InlineData("sha-256=:AA AA:", "dictionary")]
    [InlineData("sha-256=:AA-_:", "dictionary")]
    [InlineData("sha-256=::", "base64 of 32 bytes")]
    [InlineData("sha-256=:AAAA:", "base64 of 32 bytes")]
    [InlineData($"sha-256=:{Sha512}:", "base64 of 32 bytes")]
    [InlineData($"sha-512=:{Sha256}:", "base64 of 64 bytes")]
    [InlineData($"sha=:{Md5}:", "base64 of 20 bytes")]
    [InlineData($"md5=:{Sha}:", "base64 of 16 bytes")]
    [InlineData("md5=:====:", "base64 of 16 bytes")]
    [InlineData("md5=:Q2hlY2sg=W50ZWdyaXR5IQ==:", "base64 of 16 bytes")]
    [InlineData("", "use sha-256 or sha-512")]
    [InlineData("  ", "use sha-256 or sha-512")]
    [InlineData("unixsum=:AAA=:, crc32c=:AAAAAA==:", "use sha-256 or sha-512")]
    public void A_field_that_cannot_be_checked_is_a_problem(string field, string says)
    {
        Assert.False(RequestDigests.TryParse([field], out var expected, out var problem));
        Assert.Empty(expected);
        Assert.Contains(says, problem, StringComparison.Ordinal);
    }

    // RFC 8941 section 4.2.7: padding may be absent, and the bits that it leaves over may be anything.
    [Theory]
    [InlineData("Q2hlY2sgSW50ZWdyaXR5IQ")]
    [InlineData("Q2hlY2sgSW50ZWdyaXR5IQ=")]
    [InlineData("Q2hlY2sgSW50ZWdyaXR5IR==")]
    public void Loose_base64_is_read(string base64)
    {
        Assert.True(RequestDigests.TryParse([$"md5=:{base64}:"], out var expected, out var problem), problem);
        Assert.Equal("Check Integrity!"u8, expected.Single().Value.Span);
    }

    [Fact]
    public void No_lines_expect_nothing()
    {
        Assert.True(RequestDigests.TryParse([], out var expected, out _));
        Assert.Empty(expected);
    }

    [Fact]
    public void Lines_of_one_field_are_one_dictionary_and_the_last_of_a_key_wins()
    {
        var other = Convert.ToBase64String(SHA256.HashData("other"u8));
        Assert.True(RequestDigests.TryParse([$"sha-256=:{Sha256}:", null, $"md5=:{Md5}:", $"sha-256=:{other}:"], out var expected, out _));
        Assert.Equal([DigestAlgorithm.Md5, DigestAlgorithm.Sha256], expected.Select(e => e.Algorithm));
        Assert.Equal(new ContentDigest(SHA256.HashData("other"u8)), expected[1].Value);
    }

    [Fact]
    public void Entries_and_characters_are_limited()
    {
        var known = $"md5=:{Md5}:";
        var eight = string.Join(", ", Enumerable.Range(0, RequestDigests.MaxEntries - 1).Select(i => $"x{i}=::").Append(known));
        Assert.True(RequestDigests.TryParse([eight], out _, out _));
        Assert.False(RequestDigests.TryParse([eight, "y=::"], out _, out var tooMany));
        Assert.Contains("more than 8", tooMany, StringComparison.Ordinal);

        var longest = known + new string(' ', RequestDigests.MaxFieldLength - known.Length);
        Assert.True(RequestDigests.TryParse([longest], out _, out _));
        Assert.False(RequestDigests.TryParse([longest, " "], out _, out var tooLong));
        Assert.Contains("longer than 1024", tooLong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Md5, true)]
    [InlineData(" " + Md5 + "\t", true)]
    [InlineData("", false)]
    [InlineData("Q2hlY2sg SW50ZWdyaXR5IQ==", false)]
    [InlineData(Md5 + ", " + Md5, false)]
    [InlineData(Sha256, false)]
    [InlineData("436865636b20496e7465677269747921", false)]
    [InlineData("Q2hlY2sgSW50ZWdyaXR5IQ===", false)]
    public void Content_MD5_is_read(string field, bool valid)
    {
        Assert.Equal(valid, RequestDigests.TryParseContentMd5(field, out var expected, out var problem));
        Assert.Equal(valid, problem is null);
        Assert.Equal(valid ? new ExpectedDigest(DigestAlgorithm.Md5, new ContentDigest("Check Integrity!"u8)) : default, expected);
    }

    [Fact]
    public void Arbitrary_text_never_throws() =>
        Prop.ForAll<NonNull<string>, byte[]>((text, bytes) =>
        {
            foreach (var field in new[]
            {
                text.Get, "sha-256=" + text.Get, $"sha-256=:{text.Get}:", $"md5=:{Md5}:;x={text.Get}", $"md5=:{Convert.ToBase64String(bytes)}:",
                Encoding.Latin1.GetString(bytes), new string('A', bytes.Length * 10),
            })
            {
                Assert.Equal(RequestDigests.TryParse([field], out _, out var problem), problem is null);
                Assert.Equal(RequestDigests.TryParseContentMd5(field, out _, out problem), problem is null);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Scrambled_dictionary_characters_never_throw() =>
        Prop.ForAll(Gen.Elements("md5", "sha-256", "=", ":", $":{Md5}:", ";", "x", "1", ".", "-", "\"", "\\", "?", "*", "(", ",", " ", "\t", "\0", "é")
                .ListOf().Select(string.Concat).ToArbitrary(),
            field => Assert.Equal(RequestDigests.TryParse([field], out _, out var problem), problem is null))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Real_digests_are_read_back() =>
        Prop.ForAll<byte[]>(content =>
        {
#pragma warning disable CA5350, CA5351 // the fields name these algorithms; nothing is protected by them here
            (string Key, byte[] Value)[] digests =
            [
                ("sha-256", SHA256.HashData(content)), ("sha-512", SHA512.HashData(content)), ("sha", SHA1.HashData(content)), ("md5", MD5.HashData(content)),
            ];
#pragma warning restore CA5350, CA5351
            var field = string.Join(", ", digests.Select(d => $"{d.Key}=:{Convert.ToBase64String(d.Value)}:"));
            Assert.True(RequestDigests.TryParse([field], out var expected, out var problem), problem);
            Assert.Equal(digests.Select(d => new ContentDigest(d.Value)), expected.Select(e => e.Value));
        }).QuickCheckThrowOnFailure();
}
