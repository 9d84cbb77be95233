using System.Globalization;

namespace HashStore.Storage.Serving;

/// <summary>Bytes that an address answers with, and what its header fields say of them.</summary>
public abstract class Representation
{
    /// <summary>Forms the header values.</summary>
    /// <param name="size">Length in bytes.</param>
    /// <param name="etag">The entity tag with its quotes.</param>
    /// <param name="modified">When the bytes were last written.</param>
    private protected Representation(long size, string etag, DateTimeOffset modified)
    {
        Size = size;
        ETag = etag;
        LastModified = new DateTimeOffset(modified.UtcTicks - (modified.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        LastModifiedText = LastModified.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>Length in bytes.</summary>
    public long Size { get; }

    /// <summary>The entity tag; strong unless it begins with <c>W/</c>.</summary>
    public string ETag { get; }

    /// <summary>When its bytes were last written, whole seconds.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary><see cref="LastModified"/> as an HTTP date.</summary>
    public string LastModifiedText { get; }

    /// <summary><c>Repr-Digest</c> (RFC 9530) with SHA-256; null where it is not known.</summary>
    public string? ReprDigest { get; private protected init; }

    /// <summary>By this a shared cache can drop the content whatever name it was fetched under; null where there is nothing of the kind.</summary>
    public string? SurrogateKey { get; private protected init; }
}
