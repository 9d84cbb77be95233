using System.Globalization;

namespace HashStore.Migrate;

/// <summary>
/// One line on a terminal that says how far a verb is, at what rate, and how long it will take:
/// <c>rows [#####...............] 27% 81,003 of 300,000, 41,230/s, 0:00:05 left</c>.
/// </summary>
internal sealed class ProgressBar(TextWriter terminal, TimeProvider clock)
{
    private const int Width = 20;

    /// <summary>Between two updates: fast enough to look alive.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private string stage = "";
    private long begun, shown;
    private int length;

    /// <summary>Shows how much is done of what; a total of 0 is not known. Callers may call as often as they like.</summary>
    internal void Show(string what, long done, long total, Func<long, string> format)
    {
        lock (gate)
        {
            if (what != stage)
            {
                (stage, begun) = (what, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(shown) < Pause)
            {
                return;
            }

            shown = clock.GetTimestamp();
            var seconds = clock.GetElapsedTime(begun).TotalSeconds;
            var rate = seconds > 0 ? done / seconds : 0;
            var text = $"{what} {format(done)}, {format((long)rate)}/s";
            if (total > 0)
            {
                var part = Math.Clamp((double)done / total, 0, 1);
                var left = rate > 0 ? Time(Math.Max(0, total - done) / rate) : "?";
                var bar = new string('#', (int)(part * Width)).PadRight(Width, '.');
                text = $"{what} [{bar}] {(int)(part * 100)}% {format(done)} of {format(total)}, {format((long)rate)}/s, {left} left";
            }

            terminal.Write("\r" + text.PadRight(length));
            length = text.Length;
        }
    }

    /// <summary>Makes room for a line.</summary>
    internal void Clear()
    {
        lock (gate)
        {
            if (length > 0)
            {
                terminal.Write("\r" + new string(' ', length) + "\r");
                length = 0;
            }
        }
    }

    /// <summary>Hours, minutes and seconds, however many hours: <c>30:00:05</c>.</summary>
    private static string Time(double seconds)
    {
        var whole = (long)Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture, $"{whole / 3600}:{whole / 60 % 60:00}:{whole % 60:00}");
    }

    /// <summary>A number with thousands separated.</summary>
    internal static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes in the largest binary unit that leaves a number above one.</summary>
    internal static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var unit = 0;
        double number = bytes;
        for (; number >= 1024 && unit < units.Length - 1; unit++)
        {
            number /= 1024;
        }

        return number.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
