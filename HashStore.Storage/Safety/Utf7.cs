using System.Text;

namespace HashStore.Storage.Safety;

/// <summary>Reads UTF-7 (RFC 2152), forgivingly, to see what it would show. Nothing is ever kept in it.</summary>
internal static class Utf7
{
    /// <summary>The text; bytes that are no UTF-7 stand for themselves.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] != '+')
            {
                text.Append((char)bytes[at]);
                continue;
            }

            // "+", modified base64 of UTF-16, and a "-" that belongs to it.
            int bits = 0, count = 0;
            while (at + 1 < bytes.Length && ValueOf(bytes[at + 1]) is >= 0 and var six)
            {
                at++;
                bits = ((bits << 6) | six) & 0xFFFFFF;
                count += 6;
                if (count >= 16)
                {
                    count -= 16;
                    text.Append((char)((bits >> count) & 0xFFFF));
                }
            }

            if (at + 1 < bytes.Length && bytes[at + 1] == '-')
            {
                at++;
            }
        }

        return text.ToString();
    }

    private static int ValueOf(byte character) => character switch
    {
        >= (byte)'A' and <= (byte)'Z' => character - 'A',
        >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
        (byte)'+' => 62,
        (byte)'/' => 63,
        _ => -1,
    };
}
