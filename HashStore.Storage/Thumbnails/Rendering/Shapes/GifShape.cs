namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The logical screen of a GIF (GIF89a specification, 18) and how many pictures follow.</summary>
internal static class GifShape
{
    /// <summary>How far to count pictures, 256 MiB: they are at most some hundred thousand blocks of 255 bytes.</summary>
    private const long MaxBytes = 256L << 20;

    public static SourceShape Read(Stream content, int maxFrames)
    {
        content.Position = 6;
        long width = content.Little16(), height = content.Little16();
        var flags = content.Byte();
        content.Skip(2 + ColourTable(flags));
        var frames = 0;
        try
        {
            while (frames <= maxFrames && content.Position < MaxBytes)
            {
                switch (content.Byte())
                {
                    case (byte)',':
                        frames++;
                        content.Skip(4);
                        // Decoders make room for a picture that is larger than the screen.
                        (width, height) = (Math.Max(width, content.Little16()), Math.Max(height, content.Little16()));
                        content.Skip(ColourTable(content.Byte()) + 1);
                        SkipBlocks(content);
                        break;
                    case (byte)'!':
                        content.Skip(1);
                        SkipBlocks(content);
                        break;
                    default: // the trailer; what follows anything else is no GIF any more
                        return Shape();
                }
            }
        }
        catch (EndOfStreamException) when (frames > 0)
        {
            // A GIF that was cut off shows what it has.
            return Shape();
        }

        return Shape();

        SourceShape Shape() => new() { Width = width, Height = height, Frames = frames };
    }

    private static int ColourTable(byte flags) => (flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7));

    private static void SkipBlocks(Stream content)
    {
        while (content.Byte() is > 0 and var length)
        {
            content.Skip(length);
        }
    }
}
