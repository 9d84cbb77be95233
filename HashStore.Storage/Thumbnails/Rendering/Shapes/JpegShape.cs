namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The frame header of a JPEG (ITU-T T.81, B.2.2), behind segments of which one may hold an orientation.</summary>
internal static class JpegShape
{
    /// <summary>How many segments to pass; profiles and metadata of honest files take some hundred at most.</summary>
    private const int MaxSegments = 10_000;

    public static SourceShape Read(Stream content)
    {
        content.Position = 2;
        var orientation = 1;
        for (var segment = 0; segment < MaxSegments; segment++)
        {
            var marker = Marker(content);
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue; // these have no content
            }

            var length = content.Big16() - 2;
            var end = content.Position + length;
            switch (marker)
            {
                case >= 0xC0 and <= 0xCF when marker is not (0xC4 or 0xC8 or 0xCC): // SOF
                    _ = content.Byte();
                    var height = content.Big16();
                    return SourceShape.Oriented(content.Big16(), height, orientation);
                case 0xE1 when orientation == 1 && length > 6: // APP1
                    var block = content.Block(length);
                    orientation = block.AsSpan().StartsWith("Exif\0\0"u8) ? ExifOrientation.Read(block.AsSpan(6)) : 1;
                    break;
                case 0xD9 or 0xDA: // the end, or a scan
                    throw new InvalidDataException("A JPEG's frame header comes before its scans.");
                default:
                    break;
            }

            content.Position = end;
        }

        throw new InvalidDataException("The JPEG has no frame header.");
    }

    // Any number of 0xFF may stand before the code; damaged files have other bytes there, which decoders pass over.
    private static byte Marker(Stream content)
    {
        for (var skipped = 0; skipped < ExifOrientation.MaxBlock; skipped++)
        {
            if (content.Byte() == 0xFF)
            {
                var code = content.Byte();
                while (code == 0xFF)
                {
                    code = content.Byte();
                }

                if (code != 0)
                {
                    return code;
                }
            }
        }

        throw new InvalidDataException("The JPEG has no frame header.");
    }
}
