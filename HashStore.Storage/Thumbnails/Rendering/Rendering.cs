using System.Globalization;
using HashStore.Storage.Durability;
using HashStore.Storage.Thumbnails.Rendering.Children;
using HashStore.Storage.Thumbnails.Rendering.Shapes;

namespace HashStore.Storage.Thumbnails.Rendering;

public sealed partial class Renderer
{
    /// <summary>One thumbnail in the making.</summary>
    private sealed class Rendering(Renderer renderer, RenderJob job, SourceShape shape, string outputPath)
    {
        // signal.h; the watch and Bubblewrap tell a signal as 128 and its number.
        private const int OutOfTime = 24, FileTooLarge = 25, ToldAsExitCode = 128;

        /// <summary>How often a drawing that came out in another width is drawn again: the second time is exact but for rounding.</summary>
        private const int MoreDrawings = 2;

        private readonly RenderSettings settings = renderer.settings;
        private readonly string part = outputPath + ".part";
        private bool isGrey;

        public async Task<RenderResult> RunAsync(CancellationToken cancellation)
        {
            try
            {
                var recipe = Recipe.Of(job, shape, settings);
                var result = await TryAsync(recipe, cancellation);
                if (isGrey)
                {
                    result = await TryAsync(recipe.ForGrey(), cancellation);
                }

                if (result is RenderResult.Broken && shape.Duration is not null)
                {
                    result = await TryAsync(Recipe.FirstStill(job, shape, settings), cancellation);
                }

                // A drawing's own idea of its size may differ from what its first element declares, and a small one is known only roughly.
                var scale = Recipe.ScaleOf(job, shape);
                for (var more = MoreDrawings; more > 0 && job.Mime == "image/svg+xml" && result is RenderResult.Made made && made.Width != job.Width; more--)
                {
                    scale *= (double)job.Width / made.Width;
                    result = await TryAsync(Recipe.Drawing(job, scale), cancellation);
                }

                if (result is RenderResult.Made)
                {
                    if (job.Output == ThumbnailFormat.WebP)
                    {
                        WebPMetadata.Strip(part);
                    }

                    Posix.Rename(part, outputPath);
                }

                return result;
            }
            finally
            {
                _ = Posix.Unlink(part);
            }
        }

        private async Task<RenderResult> TryAsync(Recipe recipe, CancellationToken cancellation)
        {
            ChildEnd end;
            using (var input = Posix.OpenToRead(job.InputPath))
            using (var output = Posix.OpenToWrite(part, FileMode.Create))
            {
                var launch = renderer.tools.Confinement!.Wrap(renderer.tools.Path(recipe.Program), recipe.Arguments, recipe.Environment, settings);
                renderer.Started.Add();
                end = await Child.RunAsync(launch, input, output, settings.Timeout, renderer.clock, cancellation);
            }

            return (end.IsSuccess ? ReadMade() : null) ?? Failure(recipe, end);
        }

        // What a child says it made is believed only as far as its own header goes: the file is served to others.
        private RenderResult.Made? ReadMade()
        {
            try
            {
                using var content = File.OpenRead(part);
                var made = SourceShape.Read(content, job.Output.MediaType(), 1, settings);
                return made is { Width: > 0 and <= int.MaxValue, Height: > 0 and <= int.MaxValue } ? new RenderResult.Made((int)made.Width, (int)made.Height) : null;
            }
            catch (Exception exception) when (exception is EndOfStreamException or InvalidDataException)
            {
                return null;
            }
        }

        private RenderResult Failure(Recipe recipe, ChildEnd end)
        {
            var signal = end.ExitCode is > ToldAsExitCode and < ToldAsExitCode + 65 ? end.ExitCode.Value - ToldAsExitCode : end.Signal;
            if (!isGrey && Says(end, "compatible input profile"))
            {
                isGrey = true;
                return new RenderResult.Broken("Its colours have no profile.");
            }

            LogFailure(renderer.logger, job.InputPath, recipe.Program, end.ExitCode, signal, Printable(end.Complaint));
            if (end.ExitCode is Watch.Refused or Guard.Refused)
            {
                throw new IOException($"The renderer's child could not be confined: exit code {end.ExitCode}.");
            }

            return end.TimedOut || signal == OutOfTime ? TooMuch($"it takes longer than {settings.Timeout.TotalSeconds} s")
                : signal == FileTooLarge || new FileInfo(part).Length >= settings.MaxOutputBytes ? TooMuch($"the thumbnail has more than {settings.MaxOutputBytes} bytes")
                : Says(end, "memory", "allocate") ? TooMuch($"it takes more than {settings.MemoryBytes} bytes of memory")
                : Says(end, "out of range", "no such page") && job.Page is not null ? new RenderResult.NoSuchPage()
                : new RenderResult.Broken($"{recipe.Program} cannot read it.");
        }

        private static bool Says(ChildEnd end, params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (end.Complaint.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }

        private static RenderResult.TooLarge TooMuch(FormattableString what) => new($"It cannot be drawn within the limits: {what.ToString(CultureInfo.InvariantCulture)}.");

        private static string Printable(string text) => new([.. text.Trim().Select(character => char.IsControl(character) ? ' ' : character)]);
    }
}
