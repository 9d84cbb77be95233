using HashStore.Storage.Content;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The largest picture of an MP4 as its track headers declare it.</summary>
internal static class IsoShape
{
    public static SourceShape Read(Stream content)
    {
        var boxes = new IsoBoxes(content);
        try
        {
            boxes.Read();
        }
        catch (EndOfStreamException) when (boxes.Width is not null)
        {
            // A film that was cut off shows what it has.
            return Shape(boxes);
        }

        return Shape(boxes);
    }

    private static SourceShape Shape(IsoBoxes boxes) => new()
    {
        Width = boxes.Width ?? 0,
        Height = boxes.Height ?? 0,
        Duration = boxes.PlaytimeMilliseconds is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
    };
}
