using System.Globalization;
using System.Text;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Schema.Tables;
using HashStore.Storage.Legacy;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

public sealed class LegacyValuesTests
{
    [Theory]
    [InlineData("20200229123456", "2020-02-29T12:34:56Z")]
    [InlineData("20200229123456\0\0", "2020-02-29T12:34:56Z")]
    [InlineData("2020-01-02 03:04:05+00", "2020-01-02T03:04:05Z")]
    [InlineData("2020-01-02 03:04:05.25+02", "2020-01-02T01:04:05.25Z")]
    [InlineData("2020-01-02 03:04:05+05:30", "2020-01-01T21:34:05Z")]
    [InlineData("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z")]
    [InlineData("", null)]
    [InlineData("00000000000000", null)]
    [InlineData("20190229000000", null)]
    [InlineData("2019022900000", null)]
    [InlineData("infinity", null)]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0", null)]
    public void Timestamps(string text, string? expected) => Assert.Equal(
        expected is null ? null : DateTime.Parse(expected, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal), LegacyValues.Timestamp(Bytes(text)));

    [Theory]
    [InlineData("phoiac9h4m842xq45sp7s6u21eteeq1", "da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("0phoiac9h4m842xq45sp7s6u21eteeq1", "da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("phoiac9h4m842xq45sp7s6u21eteeq1 \0", "da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("0000000000000000000000000000000", "0000000000000000000000000000000000000000")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", null)]
    [InlineData("", null)]
    [InlineData("phoiac9h4m842xq45sp7s6u21eteeq", null)]
    [InlineData("phoiac9h4m842xq45sp7s6u21eteeq-", null)]
    [InlineData("false", null)]
    public void Sha1s(string text, string? expected) =>
        Assert.Equal(expected, LegacyValues.Sha1(Bytes(text)) is { } digest ? Convert.ToHexStringLower(digest) : null);

    [Theory]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("4294967296", 4294967296)]
    [InlineData("0", 0L)]
    [InlineData("-2147483648", null)]
    [InlineData("18446744073709551615", null)]
    [InlineData("1.5", null)]
    [InlineData("", null)]
    public void Sizes(string text, long? expected) => Assert.Equal(expected, LegacyValues.Number(Bytes(text), long.MaxValue));

    [Theory]
    [InlineData("A.jpg", "A.jpg", "")]
    [InlineData("A b.jpg\0\0", "A b.jpg", "")]
    [InlineData("A.jpg ", "A.jpg ", "")]
    [InlineData("", "", "the name is empty")]
    [InlineData("\0", "", "the name is empty")]
    [InlineData("A\0b", "", "the name contains a NUL")]
    [InlineData("M\u00FCll.jpg", "", "the name is not valid UTF-8")]
    [InlineData("M\u00C3\u00BCll.jpg", "Müll.jpg", "")]
    public void Names(string bytes, string expected, string reason)
    {
        Assert.Equal(reason.Length == 0, LegacyValues.TryName(Bytes(bytes), out var name, out var said));
        Assert.Equal((expected, reason), (name, said));
    }

    [Fact]
    public void A_name_has_at_most_255_bytes()
    {
        Assert.True(LegacyValues.TryName(new byte[255].Select(_ => (byte)'a').ToArray(), out _, out _));
        Assert.False(LegacyValues.TryName(new byte[256].Select(_ => (byte)'a').ToArray(), out _, out var reason));
        Assert.Equal("the name has 256 bytes, more than 255", reason);
    }

    [Fact]
    public void What_cannot_be_shown_stands_as_bytes() => Assert.Equal(@"Mü\xFCll\x0A", LegacyValues.Shown(Bytes("M\u00C3\u00BC\u00FCll\n")));

    [Theory]
    [InlineData("A.jpeg", ".jpg")]
    [InlineData("A.TIFF", ".tif")]
    [InlineData("A.htm", ".html")]
    [InlineData("A.mpeg", ".mpg")]
    [InlineData("A.p~g", "")]
    [InlineData("A", "")]
    public void Storage_keys(string name, string extension) => Assert.Equal(
        "phoiac9h4m842xq45sp7s6u21eteeq1" + extension, LegacyFingerprint.StorageKeyOf(Convert.FromHexString("da39a3ee5e6b4b0d3255bfef95601890afd80709"), name));

    [Fact]
    public void Equal_rows_have_equal_hashes_and_every_column_counts()
    {
        LegacyRow Row() => new() { Kind = LegacyKind.Old, Name = "A.jpg", ArchiveName = "20200101000000!B.jpg", Description = "x" };
        LegacyRow Complete(LegacyRow row, long? number = null)
        {
            LegacyFingerprint.Complete(new LegacyVersion(row, number), "");
            return row;
        }

        var first = Complete(Row());
        Assert.Equal((first.Identity, first.Fingerprint), (Complete(Row()).Identity, Complete(Row()).Fingerprint));
        Assert.Equal(HashStore.Schema.LegacyNames.HashOf("B.jpg"), first.FileHash);
        foreach (var property in typeof(LegacyRow).GetProperties().Where(property => property.Name is not (
            "Id" or "Prefix" or "NameHash" or "FileHash" or "Identity" or "Fingerprint" or "Import" or "State" or "UploadId")))
        {
            var row = Row();
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(row, type switch
            {
                _ when type == typeof(string) => "other",
                _ when type == typeof(byte[]) => new byte[20],
                _ when type == typeof(DateTime) => DateTime.UnixEpoch,
                { IsEnum: true } => Enum.ToObject(type, 2),
                _ => Convert.ChangeType(7, type, CultureInfo.InvariantCulture),
            });
            Assert.NotEqual(first.Fingerprint, Complete(row).Fingerprint);
        }
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);
}
