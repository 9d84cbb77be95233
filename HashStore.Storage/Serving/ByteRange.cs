using System.Globalization;

namespace HashStore.Storage.Serving;

/// <summary>A satisfiable run of bytes of a representation: never empty, never beyond its end.</summary>
/// <param name="Offset">The first byte's position, from 0.</param>
/// <param name="Length">How many bytes, at least 1.</param>
public readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>The <c>Content-Range</c> of a 206 answer with these bytes, as in <c>bytes 0-499/1234</c> (RFC 9110 section 14.4).</summary>
    /// <param name="totalLength">The whole representation's length in bytes.</param>
    public string ContentRange(long totalLength) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {Offset}-{Offset + Length - 1}/{totalLength}");

    /// <summary>The <c>Content-Range</c> of a 416 answer, as in <c>bytes */1234</c> (RFC 9110 section 14.4).</summary>
    /// <param name="totalLength">The whole representation's length in bytes.</param>
    public static string UnsatisfiedContentRange(long totalLength) => string.Create(CultureInfo.InvariantCulture, $"bytes */{totalLength}");
}

/// <summary>What a <c>Range</c> field asks for, once it is held against a length.</summary>
public enum RangeOutcome
{
    /// <summary>200 with the whole representation: no field, or one that is to be ignored.</summary>
    Whole = 0,

    /// <summary>206 with one range.</summary>
    OneRange,

    /// <summary>206 with <c>multipart/byteranges</c>: two ranges or more.</summary>
    SeveralRanges,

    /// <summary>416: the field is valid, and nothing of what it asks for exists.</summary>
    Unsatisfiable,
}
