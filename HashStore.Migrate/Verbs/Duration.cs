using System.Globalization;

namespace HashStore.Migrate.Verbs;

/// <summary>A length of time as people write it: <c>30s</c>, <c>5m</c>, <c>24h</c>, <c>7d</c>, or <c>0:05:00</c>.</summary>
internal static class Duration
{
    /// <summary>Reads one. A number without a unit is none: it could be anything.</summary>
    internal static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':'))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration);
        }

        double? seconds = text.Length == 0 ? null : text[^1] switch
        {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => null,
        };
        if (seconds is not { } unit
            || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || !(count * unit < TimeSpan.MaxValue.TotalSeconds)) // nor is it NaN
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(count * unit);
        return true;
    }
}
