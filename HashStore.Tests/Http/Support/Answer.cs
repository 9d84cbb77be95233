using System.Text;
using System.Text.Json;
using Xunit;

namespace HashStore.Tests.Http.Support;

/// <summary>An HTTP answer, received whole.</summary>
internal sealed record Answer(int Status, IReadOnlyDictionary<string, string> Fields, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>A header field's value; null when there is none.</summary>
    public string? this[string field] => Fields.GetValueOrDefault(field);

    /// <summary>The answer is a problem document (RFC 9457) that no cache keeps; its detail comes back.</summary>
    public string AssertProblem(int status)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.Equal("application/problem+json", this["Content-Type"]);
        Assert.Equal("no-store", this["Cache-Control"]);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEqual("", Json.GetProperty("title").GetString());
        return Json.GetProperty("detail").GetString()!;
    }

    public Answer AssertStatus(int status)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        return this;
    }
}
