using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Content;
using Xunit;

namespace HashStore.Tests.Content;

public sealed class ContentPropertyTests
{
    private static readonly (string Mime, byte[] File)[] samples = [.. SampleFiles.WithMetadata()];

    [Fact]
    public void Arbitrary_bytes_are_sniffed_and_presented_under_arbitrary_names() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<string?>(), (bytes, name) =>
        {
            var sniffed = ContentSniffer.Sniff(bytes, bytes.Length);
            Assert.Contains('/', sniffed.Mime);
            MediaTypes.Present(sniffed.Mime, sniffed.Charset, name);
            MediaTypes.Present(sniffed.Mime, sniffed.Charset, $"{name}.jpg");
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Samples_with_arbitrary_bytes_in_arbitrary_places_never_throw() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<NonNegativeInt>(), (bytes, which, place) =>
        {
            foreach (var (mime, whole) in samples)
            {
                var file = whole.ToArray();
                var at = place.Get * 7 % file.Length;
                bytes.AsSpan(0, Math.Min(bytes.Length, file.Length - at)).CopyTo(file.AsSpan(at));
                ContentSniffer.Sniff(file.AsSpan(0, Math.Min(file.Length, which.Get)), file.Length);
                using var stream = new MemoryStream(file);
                var read = MediaMetadata.Read(stream, mime, TimeProvider.System, MediaMetadataLimits.Default);
                Assert.True(read.Width is null or > 0 && read.Height is null or > 0 && read.Bits is null or > 0 && read.PlaytimeMilliseconds is null or > 0);
            }
        }).QuickCheckThrowOnFailure();
}
