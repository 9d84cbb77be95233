namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The chunks of a WebP (RFC 9649): the canvas of the extended form, else the picture's own header.</summary>
internal static class WebPShape
{
    private const uint Extended = 0x58385056, Lossy = 0x20385056, Lossless = 0x4C385056, Frame = 0x464D4E41, Exif = 0x46495845; // VP8X, "VP8 ", VP8L, ANMF, EXIF
    private const int MaxChunks = 100_000;

    public static SourceShape Read(Stream content, int maxFrames)
    {
        content.Position = 12;
        long width = 0, height = 0;
        int frames = 0, orientation = 1;
        for (var chunks = 0; chunks < MaxChunks && frames <= maxFrames && content.Position + 8 <= content.Length; chunks++)
        {
            var type = content.Little32();
            long length = content.Little32();
            var end = content.Position + length + (length & 1);
            switch (type)
            {
                case Extended:
                    content.Skip(4);
                    (width, height) = (Little24(content) + 1, Little24(content) + 1);
                    break;
                case Lossy when width == 0:
                    content.Skip(6); // frame tag and start code
                    (width, height) = (content.Little16() & 0x3FFF, content.Little16() & 0x3FFF);
                    break;
                case Lossless when width == 0:
                    content.Skip(1);
                    var bits = content.Little32();
                    (width, height) = ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
                    break;
                case Frame:
                    frames++;
                    break;
                case Exif when length <= ExifOrientation.MaxBlock:
                    var block = content.Block((int)length).AsSpan();
                    orientation = ExifOrientation.Read(block.StartsWith("Exif\0\0"u8) ? block[6..] : block);
                    break;
                default:
                    break;
            }

            content.Position = end;
        }

        return SourceShape.Oriented(width, height, orientation) with { Frames = Math.Max(frames, 1) };
    }

    private static long Little24(Stream content) => content.Little16() | (content.Byte() << 16);
}
