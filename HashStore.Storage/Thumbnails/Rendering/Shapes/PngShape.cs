namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>
/// The chunks of a PNG (W3C PNG, 5.3): signature, then the chunk IHDR, which begins with width and height; before the picture's data (IDAT) one may hold an orientation (eXIf). libvips, too, looks no further.
/// </summary>
internal static class PngShape
{
    private const int Signature = 8, CheckSum = 4;
    private const uint Header = 0x49484452, Exif = 0x65584966, Data = 0x49444154; // IHDR, eXIf, IDAT
    private const int MaxChunks = 1000;

    public static SourceShape Read(Stream content)
    {
        content.Position = Signature;
        var headerLength = content.Big32();
        if (content.Big32() != Header)
        {
            throw new InvalidDataException("A PNG begins with its header.");
        }

        var end = content.Position + headerLength + CheckSum;
        var (width, height, orientation) = (content.Big32(), content.Big32(), 1);
        for (var chunks = 0; chunks < MaxChunks && end + 8 <= content.Length; chunks++)
        {
            content.Position = end;
            var (length, type) = (content.Big32(), content.Big32());
            end = content.Position + length + CheckSum;
            if (type == Data)
            {
                break;
            }

            if (type == Exif && length <= ExifOrientation.MaxBlock && end <= content.Length)
            {
                orientation = ExifOrientation.Read(content.Block((int)length));
            }
        }

        return SourceShape.Oriented(width, height, orientation);
    }
}
