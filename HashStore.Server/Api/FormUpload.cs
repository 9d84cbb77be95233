using System.Text;
using HashStore.Storage;
using HashStore.Storage.Staging;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace HashStore.Server.Api;

/// <summary>
/// Reads an upload form (multipart/form-data, RFC 7578) as it streams in: the file goes straight to the staging area, whatever the order of the fields. Dispose what was staged.
/// </summary>
internal sealed class FormUpload : IDisposable
{
    private const int MaxParts = 16;
    private const int MaxBoundary = 70; // RFC 2046 section 5.1.1
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal StagedFile? Staged { get; private set; }

    internal string? Name { get; private set; }

    internal string Description { get; private set; } = "";

    private string? OwnName { get; set; }

    /// <summary>Reads the whole form.</summary>
    /// <exception cref="ProblemException">It is no such form, lacks the file, or a field is not text.</exception>
    internal static async Task<FormUpload> ReadAsync(HttpRequest request, Stream body, Store store, StageLimits limits)
    {
        var form = new FormUpload();
        try
        {
            var reader = new MultipartReader(BoundaryOf(request), body);
            for (var parts = 0; await reader.ReadNextSectionAsync(request.HttpContext.RequestAborted) is { } section; parts++)
            {
                if (parts == MaxParts)
                {
                    throw new ProblemException(400, $"The form has more than {MaxParts} fields.");
                }

                await form.TakeAsync(section, store, limits, request.HttpContext.RequestAborted);
            }

            if (form.Staged is null)
            {
                throw new ProblemException(400, "The form has no field \"file\" with a file.");
            }

            form.Name = string.IsNullOrEmpty(form.Name) ? form.OwnName : form.Name;
            return form;
        }
        catch (Exception exception)
        {
            form.Dispose();

            // A form that ends before its closing delimiter is a plain IOException here; what the web server says of the connection has a type of its own.
            var unreadable = exception is InvalidDataException or FormatException
                || (exception.GetType() == typeof(IOException) && !request.HttpContext.RequestAborted.IsCancellationRequested);
            if (unreadable)
            {
                throw new ProblemException(400, $"The form cannot be read: {exception.Message}");
            }

            throw;
        }
    }

    public void Dispose() => Staged?.Dispose();

    private async Task TakeAsync(MultipartSection section, Store store, StageLimits limits, CancellationToken cancellation)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(400, "A part of the form has no Content-Disposition: form-data.");
        }

        switch (HeaderUtilities.RemoveQuotes(disposition.Name).Value)
        {
            case "file" when Staged is null:
                OwnName = Path.GetFileName(HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).Value?.Replace('\\', '/'));
                Staged = await store.StageAsync(section.Body, limits, cancellation);
                break;
            case "file":
                throw new ProblemException(400, "The form has more than one field \"file\": one upload takes one file.");
            case "name":
                Name = await TextAsync(section, "name", 1024, cancellation);
                break;
            case "description":
                Description = await TextAsync(section, "description", UploadRequest.MaxDescriptionBytes, cancellation);
                break;
            default:
                await TextAsync(section, "an unknown field", UploadRequest.MaxDescriptionBytes, cancellation);
                break;
        }
    }

    private static async Task<string> TextAsync(MultipartSection section, string what, int maxBytes, CancellationToken cancellation)
    {
        var buffer = new byte[maxBytes + 1];
        var length = await section.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        try
        {
            return length <= maxBytes
                ? UploadRequest.CheckText(what, StrictUtf8.GetString(buffer, 0, length), maxBytes)
                : throw new ProblemException(400, $"{what} has more than {maxBytes} bytes.");
        }
        catch (DecoderFallbackException)
        {
            throw new ProblemException(400, $"{what} is not valid UTF-8.");
        }
    }

    private static string BoundaryOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(415, "Send the form as multipart/form-data, or the bytes by PUT /api/files/NAME.");
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundary } ? boundary : throw new ProblemException(400, "The form's Content-Type has no usable boundary.");
    }
}
