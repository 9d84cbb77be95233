using HashStore.Storage.Staging;

namespace HashStore.Storage.Content;

/// <summary>Reads the media facts of a staged file without ever holding an upload up.</summary>
internal static class MediaReading
{
    private static readonly MediaMetadataLimits Limits = MediaMetadataLimits.Default;

    /// <summary>The reader stops itself when it reads for too long; one that computes for too long is left behind after this.</summary>
    private static readonly TimeSpan Patience = Limits.Time + TimeSpan.FromSeconds(1);

    internal static async Task<MediaMetadata> ReadAsync(StagedFile staged, TimeProvider clock)
    {
        if (!MetadataParser.Understands(staged.Type.Mime))
        {
            return MediaMetadata.Empty;
        }

        var reading = Task.Run(() =>
        {
            using var stream = File.OpenRead(staged.Path);
            return MediaMetadata.Read(stream, staged.Type.Mime, clock, Limits);
        });
        try
        {
            return await reading.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            return MediaMetadata.Empty with { Problem = $"gave up after {Patience.TotalSeconds} s" };
        }
    }
}
