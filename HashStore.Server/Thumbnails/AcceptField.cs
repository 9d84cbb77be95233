using System.Globalization;

namespace HashStore.Server.Thumbnails;

/// <summary>The request's <c>Accept</c> field (RFC 9110 section 12.5.1), as far as one media type goes.</summary>
internal static class AcceptField
{
    /// <summary>Whether the field names a type and does not refuse it. Ranges such as <c>image/*</c> do not count: every old browser sends one.</summary>
    internal static bool Takes(ReadOnlySpan<char> field, string type)
    {
        foreach (var range in field.Split(','))
        {
            var element = field[range];
            var end = element.IndexOf(';');
            if ((end < 0 ? element : element[..end]).Trim().Equals(type, StringComparison.OrdinalIgnoreCase))
            {
                return end < 0 || !IsRefused(element[(end + 1)..]);
            }
        }

        return false;
    }

    /// <summary>A weight of 0 is a refusal.</summary>
    private static bool IsRefused(ReadOnlySpan<char> parameters)
    {
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim();
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
            {
                return !double.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) || weight <= 0;
            }
        }

        return false;
    }
}
