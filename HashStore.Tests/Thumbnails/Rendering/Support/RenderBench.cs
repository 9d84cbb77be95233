using System.Diagnostics;
using System.Globalization;
using HashStore.Storage.Content;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Architecture;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace HashStore.Tests.Thumbnails.Rendering.Support;

/// <summary>
/// A renderer, a folder of originals, and a photograph to make them of. <c>HASHSTORE_TEST_THUMBNAILS</c> names a folder where thumbnails are kept to be looked at.
/// </summary>
internal sealed class RenderBench : IAsyncDisposable
{
    private readonly TempFolder folder = TempFolder.ForEverybody();

    private readonly LastLine log = new();
    private readonly DirectoryInfo? also;

    internal RenderBench(RenderSettings? settings = null, DirectoryInfo? also = null)
    {
        this.also = also;
        Renderer = new Renderer(settings ?? new RenderSettings(), log, TimeProvider.System);
        Assert.Empty(settings is null ? Renderer.Problems : []);
    }

    internal Renderer Renderer { get; }

    /// <summary>A photograph of hills with a red square in its upper left corner, 480 x 320: no turn of it looks like another.</summary>
    internal static Picture Photograph { get; } = WithCorner(Decoded(Path.Combine(Repository.Root, "HashStore.Tests", "Samples", "Hills.jpg")));

    /// <summary>A path in the folder of originals.</summary>
    internal string this[string name] => folder[name];

    internal string Write(string name, byte[] content) => folder.Write(name, content);

    internal string Write(string name, string content) => folder.Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    internal async Task<RenderResult> RenderAsync(string path, int width, ThumbnailFormat? output = null, int? page = null, string? language = null, bool lossless = false, string? keptAs = null)
    {
        var job = JobOf(path, width, output, page, language, lossless);
        var thumbnail = ThumbnailOf(path, job);
        File.Delete(thumbnail);
        var result = await Renderer.RenderAsync(job, thumbnail, CancellationToken.None);
        Assert.Equal(result is RenderResult.Made, File.Exists(thumbnail));
        Assert.False(File.Exists(thumbnail + ".part"));
        if (result is RenderResult.Made && Environment.GetEnvironmentVariable("HASHSTORE_TEST_THUMBNAILS") is { Length: > 0 } kept)
        {
            File.Copy(thumbnail, Path.Combine(kept, (keptAs ?? Path.GetFileName(path)) + Path.GetExtension(thumbnail)), overwrite: true);
        }

        return result;
    }

    /// <summary>A thumbnail, which must come.</summary>
    internal async Task<(Picture Picture, string Path)> ThumbnailAsync(string path, int width, ThumbnailFormat? output = null, int? page = null, string? language = null, bool lossless = false, string? keptAs = null)
    {
        var result = await RenderAsync(path, width, output, page, language, lossless, keptAs);
        Assert.True(result is RenderResult.Made, $"{result} {log.Text}");
        var made = (RenderResult.Made)result;
        var thumbnail = ThumbnailOf(path, JobOf(path, width, output, page, language, lossless));
        var picture = Decoded(thumbnail);
        Assert.Equal((made.Width, made.Height), (picture.Width, picture.Height));
        return (picture, thumbnail);
    }

    internal static RenderJob JobOf(string path, int width, ThumbnailFormat? output = null, int? page = null, string? language = null, bool lossless = false)
    {
        var head = new byte[ContentSniffer.HeadBytes];
        using var file = File.OpenRead(path);
        var mime = ContentSniffer.Sniff(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)), file.Length).Mime;
        return new RenderJob(path, mime, file.Length, width, page, language, lossless, output ?? Renderer.OutputFor(mime, lossless) ?? ThumbnailFormat.Png);
    }

    internal string ThumbnailOf(string path, RenderJob job) => folder[$"{Path.GetFileName(path)}-{job.Width}-{job.Page}.{job.Output.Extension()}"];

    /// <summary>Runs a program that makes an original.</summary>
    internal static void Run(string program, params string[] arguments) => _ = Output(program, arguments);

    public async ValueTask DisposeAsync()
    {
        await Renderer.DisposeAsync();
        folder.Dispose();
        also?.Delete(recursive: true);
    }

    /// <summary>Decodes with other code than what made it, where that is libvips; the first frame of what moves.</summary>
    internal static Picture Decoded(string path)
    {
        var size = System.Text.Encoding.ASCII.GetString(Output("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path)).Trim().Split(',');
        var pixels = Output("ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba", "-");
        return new Picture(int.Parse(size[0], CultureInfo.InvariantCulture), int.Parse(size[1], CultureInfo.InvariantCulture), pixels);
    }

    private static Picture WithCorner(Picture picture) =>
        Picture.Draw(picture.Width, picture.Height, (x, y) => x < 120 && y < 80 ? ((byte)220, (byte)20, (byte)30, (byte)255) : picture.At(x, y));

    private static byte[] Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Needs.OnPath(program) ?? program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var complaint = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {complaint.Result}");
        return output.ToArray();
    }

    /// <summary>Keeps what was said last.</summary>
    private sealed class LastLine : ILogger
    {
        internal string Text { get; private set; } = "";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Text = formatter(state, exception);
    }
}
