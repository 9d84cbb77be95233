namespace HashStore.Storage.Serving;

/// <summary>
/// Reads HTTP dates (RFC 9110 section 5.6.7), without allocations:
/// <code>
/// Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate, what everybody sends
/// Sunday, 06-Nov-94 08:49:37 GMT    obsolete RFC 850 format
/// Sun Nov  6 08:49:37 1994          ANSI C's asctime() format
/// </code>
/// "A recipient that parses a timestamp value in an HTTP field MUST accept all three HTTP-date formats." They are case-sensitive.
/// </summary>
public static class HttpDates
{
    private static readonly string[] MonthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    // In the order of System.DayOfWeek.
    private static readonly string[] DayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    /// <summary>Reads a field value; false for anything that is not one valid date, which conditional fields then ignore.</summary>
    /// <param name="text">The field value; empty (or null, as a string) is false.</param>
    /// <param name="date">The date, in UTC, in whole seconds.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset date) => TryParse(text, TimeProvider.System, out date);

    /// <summary>Reads a field value; <paramref name="clock"/> settles the century of a two-digit year.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, TimeProvider clock, out DateTimeOffset date)
    {
        text = text.Trim(" \t");
        date = default;

        // The formats differ in where the comma stands: after three letters, after a whole day name, nowhere.
        return text.IndexOf(',') switch
        {
            3 => TryParseFixdate(text, out date),
            -1 => TryParseAsctime(text, out date),
            var comma => TryParseRfc850(text[..comma], text[(comma + 1)..], clock.GetUtcNow(), out date),
        };
    }

    private static bool TryParseFixdate(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        date = default;
        return text.Length == 29 && text[4] == ' ' && text[7] == ' ' && text[11] == ' ' && text[16] == ' ' && text[25..] is " GMT"
            && TryNumber(text[5..7], out var day) && TryMonth(text[8..11], out var month) && TryNumber(text[12..16], out var year)
            && TryBuild(text[..3], year, month, day, text[17..25], out date);
    }

    private static bool TryParseAsctime(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        date = default;
        return text.Length == 24 && text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' '
            && TryMonth(text[4..7], out var month) && TryNumber(text[8] == ' ' ? text[9..10] : text[8..10], out var day)
            && TryNumber(text[20..], out var year)
            && TryBuild(text[..3], year, month, day, text[11..19], out date);
    }

    private static bool TryParseRfc850(ReadOnlySpan<char> dayName, ReadOnlySpan<char> rest, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        if (rest.Length != 23 || rest[0] != ' ' || rest[3] != '-' || rest[7] != '-' || rest[10] != ' ' || rest[19..] is not " GMT"
            || !TryNumber(rest[1..3], out var day) || !TryMonth(rest[4..7], out var month) || !TryNumber(rest[8..10], out var twoDigits))
        {
            return false;
        }

        // "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a timestamp that appears to be more than
        // 50 years in the future as representing the most recent year in the past that had the same last two digits."
        // The day name must fit as well, which never leaves two choices: a hundred years later the same day and month falls 5 or 6 weekdays further on.
        var latest = now.Year + 50;
        var year = latest - ((latest - twoDigits) % 100);
        var time = rest[11..19];
        return (TryBuild(dayName, year, month, day, time, out date) && date <= now.AddYears(50)) || TryBuild(dayName, year - 100, month, day, time, out date);
    }

    private static bool TryBuild(ReadOnlySpan<char> dayName, int year, int month, int day, ReadOnlySpan<char> time, out DateTimeOffset date)
    {
        date = default;
        if (time[2] != ':' || time[5] != ':' || !TryNumber(time[..2], out var hour) || !TryNumber(time[3..5], out var minute)
            || !TryNumber(time[6..], out var second))
        {
            return false;
        }

        // The grammar admits a 60th second for leap seconds; .NET has none, so it counts as the 59th.
        if (year is < 1 or > 9999 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        var built = new DateTimeOffset(year, month, day, hour, minute, Math.Min(second, 59), TimeSpan.Zero);
        var name = DayNames[(int)built.DayOfWeek].AsSpan();
        if (!dayName.SequenceEqual(dayName.Length == 3 ? name[..3] : name))
        {
            return false;
        }

        date = built;
        return true;
    }

    private static bool TryMonth(ReadOnlySpan<char> name, out int month)
    {
        for (month = 1; month <= MonthNames.Length; month++)
        {
            if (name.SequenceEqual(MonthNames[month - 1]))
            {
                return true;
            }
        }

        return false;
    }

    // At most four characters come in, so nothing overflows. The framework's parsers would let signs and spaces pass.
    private static bool TryNumber(ReadOnlySpan<char> digits, out int value)
    {
        value = 0;
        foreach (var c in digits)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = (value * 10) + (c - '0');
        }

        return true;
    }
}
