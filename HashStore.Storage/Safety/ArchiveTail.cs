using System.Buffers.Binary;

namespace HashStore.Storage.Safety;

/// <summary>
/// Finds the end of a ZIP archive (APPNOTE.TXT section 4.3.16) behind other content. ZIP is read from its end, so a file can be a picture for a browser and a JAR for Java (GIFAR).
/// </summary>
internal static class ArchiveTail
{
    /// <summary>The record without its comment.</summary>
    private const int RecordBytes = 22;

    /// <summary>The shortest entry of the central directory.</summary>
    private const int EntryBytes = 46;

    /// <summary>How far before the end the record can begin: its comment has 65,535 bytes at most.</summary>
    internal const int Reach = RecordBytes + ushort.MaxValue;

    /// <summary>Whether there is one that a reader of archives would open.</summary>
    /// <param name="tail">The last <see cref="Reach"/> bytes of the content, or all of it.</param>
    /// <param name="size">The content's length in bytes.</param>
    internal static bool IsIn(ReadOnlySpan<byte> tail, long size)
    {
        for (var rest = tail; rest.LastIndexOf("PK\x05\x06"u8) is >= 0 and var at; rest = rest[..at])
        {
            if (tail.Length - at >= RecordBytes && IsRecord(tail[at..], size - tail.Length + at))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Strict readers want the comment to end with the file; Java and others also take one with more behind it, if there is a directory where the record says. Bytes of a picture that look like the signature have neither.
    /// </summary>
    private static bool IsRecord(ReadOnlySpan<byte> record, long position)
    {
        var comment = BinaryPrimitives.ReadUInt16LittleEndian(record[20..]);
        if (record.Length == RecordBytes + comment)
        {
            return true;
        }

        var entries = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        var directory = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        var isZip64 = entries == ushort.MaxValue || directory == uint.MaxValue;
        return isZip64 || (entries > 0 && directory >= (long)entries * EntryBytes && directory <= position);
    }
}
