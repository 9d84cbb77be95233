using System.Text;

namespace HashStore.Server.Operations;

/// <summary>
/// An encoding in which only digits are digits: the web server reads <c>Content-Length</c> with the number parser of the platform, which takes "+5" for 5, while RFC 9110 section 8.6 has digits only. A sign becomes a
/// letter here, and the request a bad one.
/// </summary>
internal sealed class LengthDigits : Encoding
{
    private const char NoDigit = 'x';

    /// <summary>The one.</summary>
    internal static readonly LengthDigits Only = new();

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => throw new NotSupportedException("Lengths are only read.");

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        for (var at = 0; at < byteCount; at++)
        {
            var one = (char)bytes[byteIndex + at];
            chars[charIndex + at] = char.IsAsciiDigit(one) ? one : NoDigit;
        }

        return byteCount;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;
}
