namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>A thumbnail to make.</summary>
/// <param name="InputPath">Where the object's bytes lie.</param>
/// <param name="Mime">Its type as <see cref="Content.ContentSniffer"/> found it.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Width">Pixels of width asked for.</param>
/// <param name="Page">The page of a document or TIFF, from 1; null for the first.</param>
/// <param name="Language">The language of a drawing's texts (SVG's <c>systemLanguage</c>), a BCP 47 tag; null for the drawing's default.</param>
/// <param name="Lossless">Whether a TIFF becomes a PNG, and a WebP thumbnail is written without loss.</param>
/// <param name="Output">The thumbnail's format, one of <see cref="Renderer.OutputsFor"/>.</param>
public sealed record RenderJob(string InputPath, string Mime, long Size, int Width, int? Page, string? Language, bool Lossless, ThumbnailFormat Output);
