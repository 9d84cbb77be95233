using System.Text.Json;

namespace HashStore.Tests.Http.Support;

/// <summary>Sends requests as they are written: paths are not normalised, redirects not followed, fields not checked.</summary>
internal sealed class ServerClient : IDisposable
{
    /// <summary>As a token: send none.</summary>
    public const string Nobody = "";

    private readonly HttpClient client;
    private readonly string token;

    public ServerClient(Uri url, string token)
    {
        this.token = token;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        client = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(100) };
    }

    public Task<Answer> GetAsync(string target, params (string Field, string Value)[] fields) => SendAsync("GET", target, null, Nobody, fields);

    public Task<Answer> HeadAsync(string target, params (string Field, string Value)[] fields) => SendAsync("HEAD", target, null, Nobody, fields);

    /// <summary>Uploads; the name is encoded here.</summary>
    public Task<Answer> PutAsync(string name, byte[] body, params (string Field, string Value)[] fields) =>
        SendAsync("PUT", "/api/files/" + Uri.EscapeDataString(name), new ByteArrayContent(body), null, fields);

    /// <summary>Uploads what must be taken; the JSON comes back.</summary>
    public async Task<JsonElement> UploadAsync(string name, byte[] body, params (string Field, string Value)[] fields)
    {
        var answer = await PutAsync(name, body, fields);
        return answer.Status is 200 or 201 ? answer.Json : throw new InvalidOperationException($"{answer.Status}: {answer.Text}");
    }

    public Task<Answer> DeleteAsync(string target) => SendAsync("DELETE", target, null);

    public Task<Answer> PostAsync(string target, string json = "{}") => SendAsync("POST", target, new StringContent(json, null, "application/json"));

    /// <param name="method">Any.</param>
    /// <param name="target">Path and query as they are to be sent.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="bearer">Null: the administrator's token; <see cref="Nobody"/>: none.</param>
    /// <param name="fields">Further header fields.</param>
    public async Task<Answer> SendAsync(string method, string target, HttpContent? body, string? bearer = null, params (string Field, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), AsWritten(target)) { Content = body };
        if ((bearer ?? token) is { Length: > 0 } some)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + some);
        }

        foreach (var (field, value) in fields)
        {
            if (!request.Headers.TryAddWithoutValidation(field, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(field, value);
            }
        }

        using var response = await client.SendAsync(request);
        var received = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (field, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            received[field] = string.Join(", ", values);
        }

        return new Answer((int)response.StatusCode, received, await response.Content.ReadAsByteArrayAsync());
    }

    public void Dispose() => client.Dispose();

    private Uri AsWritten(string target) => new(
        client.BaseAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
