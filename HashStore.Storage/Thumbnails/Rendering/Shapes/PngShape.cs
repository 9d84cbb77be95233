namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The header of a PNG (W3C PNG, 11.2.1): signature, then the chunk IHDR, which begins with width and height.</summary>
internal static class PngShape
{
    private const int Signature = 8;
    private const uint Header = 0x49484452; // IHDR

    public static SourceShape Read(Stream content)
    {
        content.Position = Signature;
        _ = content.Big32();
        if (content.Big32() != Header)
        {
            throw new InvalidDataException("A PNG begins with its header.");
        }

        return new SourceShape { Width = content.Big32(), Height = content.Big32() };
    }
}
