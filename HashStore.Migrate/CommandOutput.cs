using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HashStore.Migrate.Live;
using HashStore.Migrate.Verification;
using HashStore.Storage.Checking;
using HashStore.Storage.Collection;

namespace HashStore.Migrate;

/// <summary>The last line of a verb with <c>--json</c>.</summary>
internal sealed record SummaryLine(string Verb, long Converted, long Skipped, long Failed, long Bytes, double Seconds, int Exit);

/// <summary>A row of a legacy table that was not imported, with <c>--json</c>.</summary>
internal sealed record RefusedLine(string Kind, string Table, string Row, string Detail);

/// <summary>What became of a legacy path, with <c>--json</c>.</summary>
internal sealed record PathLine(string Path, string Status, string? Detail);

/// <summary>What became of an object in <c>widen</c>, with <c>--json</c>.</summary>
internal sealed record KeyLine(string Key, string Status, string Detail);

/// <summary>A pass of <c>watch</c>, with <c>--json</c>.</summary>
internal sealed record PassLine(string Verb, PassCause Pass, long Converted, long Failed, long Bytes, double Seconds);

/// <summary>A finding with <c>--json</c>.</summary>
internal sealed record FindingLine(FindingKind Kind, string? Key, string? Path, string Detail, bool Damage);

/// <summary>What became of a finding, with <c>--json</c>.</summary>
internal sealed record RepairLine(RepairResult Repair, string? Key, string? Path, string Detail, bool Well);

/// <summary>What <c>gc</c> plans to collect, with <c>--json</c>.</summary>
internal sealed record GarbageLine(GarbageKind Kind, string? Key, string? Path, long Bytes, string Detail);

/// <summary>What of it stays after all, with <c>--json</c>.</summary>
internal sealed record CollectedLine(CollectionOutcome Outcome, string? Key, string? Path, string Detail);

/// <summary>What <c>verify</c> found, with <c>--json</c>.</summary>
internal sealed record VerifyLine(VerifyKind Kind, string? Path, string? Key, string Detail, bool Damage);

/// <summary>
/// Where a verb writes: results to standard output, a line each; messages and the progress bar to standard error. The bar is shown only on a terminal and
/// makes room for every line. For any number of threads.
/// </summary>
internal sealed class CommandOutput(TextWriter output, TextWriter error, bool isTerminal)
{
    private readonly Lock gate = new();
    private readonly ProgressBar? bar = isTerminal ? new ProgressBar(error, TimeProvider.System) : null;

    /// <summary>Written to by the usage texts.</summary>
    internal TextWriter Output => output;

    /// <summary>Written to by messages.</summary>
    internal TextWriter Error => error;

    /// <summary>The bar; null where there is no terminal.</summary>
    internal ProgressBar? Bar => bar;

    internal void Line(string text) => Write(output, OneLine(text));

    internal void Line(FindingLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.FindingLine));

    internal void Line(RepairLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.RepairLine));

    internal void Line(RefusedLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.RefusedLine));

    internal void Line(GarbageLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.GarbageLine));

    internal void Line(CollectedLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.CollectedLine));

    internal void Line(PathLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.PathLine));

    internal void Line(KeyLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.KeyLine));

    internal void Line(PassLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.PassLine));

    internal void Line(VerifyLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.VerifyLine));

    internal void Line(SummaryLine line) => JsonLine(JsonSerializer.Serialize(line, OutputJson.Readable.SummaryLine));

    internal void Message(string text) => Write(error, OneLine(text));

    private void JsonLine(string json) => Write(output, json);

    private void Write(TextWriter writer, string line)
    {
        lock (gate)
        {
            bar?.Clear();
            writer.WriteLine(line);
        }
    }

    /// <summary>A file's name can hold line breaks and terminal commands: what is shown holds neither.</summary>
    private static string OneLine(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = char.IsControl(c) ? shown.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)) : shown.Append(c);
        }

        return shown.ToString();
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSerializable(typeof(CollectedLine))]
[JsonSerializable(typeof(FindingLine))]
[JsonSerializable(typeof(GarbageLine))]
[JsonSerializable(typeof(KeyLine))]
[JsonSerializable(typeof(PassLine))]
[JsonSerializable(typeof(PathLine))]
[JsonSerializable(typeof(RefusedLine))]
[JsonSerializable(typeof(RepairLine))]
[JsonSerializable(typeof(SummaryLine))]
[JsonSerializable(typeof(VerifyLine))]
internal sealed partial class OutputJson : JsonSerializerContext
{
    internal static OutputJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters =
        {
            new JsonStringEnumConverter<FindingKind>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<PassCause>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<RepairResult>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<GarbageKind>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<VerifyKind>(JsonNamingPolicy.CamelCase), new JsonStringEnumConverter<CollectionOutcome>(JsonNamingPolicy.CamelCase),
        },

        // Names in other scripts stay readable and can be searched for: this is no HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
