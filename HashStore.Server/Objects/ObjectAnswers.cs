using HashStore.Server.Api;
using HashStore.Storage;
using HashStore.Storage.Serving;

namespace HashStore.Server.Objects;

/// <summary>Answers with an object, at whatever address it was asked for.</summary>
internal sealed class ObjectAnswers(Store store)
{
    /// <summary>Answers; without an asynchronous step where the object is small and cached.</summary>
    internal Task AnswerAsync(HttpContext http, ServedObject served, NamedPresentation presentation, bool isGet, in AddressManner manner)
    {
        if (AnswerHead.Write(http, served, presentation, isGet, manner, out var answer) is { } answered)
        {
            return answered;
        }

        if (answer.Several is null && served.Body is { } body)
        {
            return AnswerBody.SendCachedAsync(http.Response, body.AsMemory((int)answer.Range.Offset, (int)answer.Range.Length));
        }

        return SendAsync(http, served, answer);
    }

    private async Task SendAsync(HttpContext http, ServedObject served, ObjectAnswer answer)
    {
        using var bytes = served.Body is null ? await store.Objects.OpenAsync(served) : null;
        if (bytes is null && served.Body is null)
        {
            // Deleted in the moment since it was found.
            http.Response.Clear();
            await new Problem(410, "This content is deleted.").WriteAsync(http);
            return;
        }

        await AnswerBody.SendAsync(http, served.Body, bytes, answer);
    }
}
