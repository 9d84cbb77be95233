using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Migrate.Legacy.Tables;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

public sealed class LegacyMetadataTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("\0\0", null)]
    [InlineData("\\x", null)]
    [InlineData("\\x613a303a7b7d", "[]")]
    [InlineData("\\xyz1", "{\"_error\":\"\\\\xyz1\"}")]
    [InlineData("0", """{"_error":"0"}""")]
    [InlineData("-1", """{"_error":"-1"}""")]
    [InlineData("BROKEN FILE", """{"_error":"BROKEN FILE"}""")]
    [InlineData("a:0:{}", "[]")]
    [InlineData("""a:2:{i:0;s:3:"a"b";i:1;b:1;}""", """["a\"b",true]""")]
    [InlineData("""a:2:{i:1;i:-5;s:1:"k";N;}""", """{"1":-5,"k":null}""")]
    [InlineData("""a:1:{s:1:"x";a:1:{i:0;d:0.5;}}""", """{"x":[0.5]}""")]
    [InlineData("""a:1:{s:1:"x";d:NAN;}""", """{"x":"NAN"}""")]
    [InlineData("""{"data":{"width":3},"blobs":{"text":"tt:7"}}""", """{"data":{"width":3},"blobs":{"text":"tt:7"}}""")]
    public void What_is_understood_becomes_json(string metadata, string? expected) => Assert.Equal(expected, LegacyMetadata.Read(Encoding.UTF8.GetBytes(metadata), null));

    [Theory]
    [InlineData("""O:8:"stdClass":0:{}""")]
    [InlineData("""a:1:{i:0;O:8:"stdClass":0:{}}""")]
    [InlineData("""a:1:{i:0;C:3:"Foo":2:{xx}}""")]
    [InlineData("""a:2:{i:0;a:0:{}i:1;R:2;}""")]
    [InlineData("""a:1:{i:0;s:9:"short";}""")]
    [InlineData("""a:1:{i:0;s:-1:"";}""")]
    [InlineData("""a:1:{i:0;s:99999999999999999999:"";}""")]
    [InlineData("""a:999999999:{i:0;i:1;}""")]
    [InlineData("""a:1:{i:0;i:1;}x""")]
    [InlineData("a:1:{i:0;")]
    [InlineData("""{"data":""")]
    [InlineData("""{"x":"\ud800"}""")]
    public void What_is_not_is_kept_as_an_error(string metadata)
    {
        var json = JsonNode.Parse(LegacyMetadata.Read(Encoding.UTF8.GetBytes(metadata), null)!)!.AsObject();
        Assert.Equal(metadata, (string?)json["_error"]);
        Assert.Single(json);
    }

    [Fact]
    public void What_is_too_long_or_too_deep_is_not_kept()
    {
        var text = new string('x', LegacyMetadata.MaxJsonBytes);
        var php = Encoding.ASCII.GetBytes($"a:1:{{i:0;s:{text.Length}:\"{text}\";}}");
        Assert.Equal($$"""{"_error":"{{php.Length}} bytes, not kept"}""", LegacyMetadata.Read(php, null));
        Assert.Equal($$"""{"_error":"{{text.Length + 8}} bytes, not kept"}""", LegacyMetadata.Read(Encoding.ASCII.GetBytes($$"""{"x":"{{text}}"}"""), null));
        Assert.Equal("""{"_error":"16777215 bytes, not kept"}""", LegacyMetadata.Read([], 16777215));

        var deep = string.Concat(Enumerable.Repeat("a:1:{i:0;", 100_000));
        Assert.Contains("_error", LegacyMetadata.Read(Encoding.ASCII.GetBytes(deep), null), StringComparison.Ordinal);
        Assert.Contains("_error", LegacyMetadata.Read(Encoding.ASCII.GetBytes(new string('[', 100_000)), null), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_not_utf8_is_replaced() =>
        Assert.Equal("[\"a\uFFFD\"]", LegacyMetadata.Read(Encoding.Latin1.GetBytes("a:1:{i:0;s:2:\"a\u00FC\";}"), null));

    [Fact]
    public void What_php_serialises_comes_back() => Prop.ForAll(Values().ToArbitrary(), value =>
    {
        var serialised = new MemoryStream();
        Serialise(serialised, value);
        Assert.True(JsonNode.DeepEquals(value, JsonNode.Parse(LegacyMetadata.Read(serialised.ToArray(), null)!)), Encoding.UTF8.GetString(serialised.ToArray()));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Arbitrary_and_damaged_bytes_give_json_or_nothing() => Prop.ForAll(
        Values().ToArbitrary(), ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<byte[]>(), (value, place, bytes) =>
        {
            var serialised = new MemoryStream();
            Serialise(serialised, value);
            var damaged = serialised.ToArray();
            var at = place.Get % damaged.Length;
            bytes.AsSpan(0, Math.Min(bytes.Length, damaged.Length - at)).CopyTo(damaged.AsSpan(at));
            foreach (var input in (byte[][])[damaged, damaged[..at], bytes, [.. "{\""u8, .. bytes], [.. "a:"u8, .. bytes]])
            {
                if (LegacyMetadata.Read(input, null) is { } json)
                {
                    using var parsed = JsonDocument.Parse(json);
                }
            }
        }).QuickCheckThrowOnFailure();

    /// <summary>Arrays as PHP has them: lists, and maps whose keys are no list's.</summary>
    private static Gen<JsonNode> Values() => Gen.Sized(size => ArrayOf(Math.Min(size, 30)));

    private static Gen<JsonNode> ArrayOf(int size) => Gen.OneOf(
        Gen.ListOf(ValueOf(size / 3)).Select(JsonNode (values) => new JsonArray([.. values.Take(4).Select(value => value?.DeepClone())])),
        Gen.ListOf(ValueOf(size / 3)).Where(values => values.Count > 0).Select(JsonNode (values) =>
            new JsonObject(values.Take(4).Select((value, i) => KeyValuePair.Create($"k\"{i}ü", value?.DeepClone())))));

    private static Gen<JsonNode?> ValueOf(int size)
    {
        var text = ArbMap.Default.GeneratorFor<string?>().Select(JsonNode? (value) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value ?? "")));
        var number = ArbMap.Default.GeneratorFor<long>().Select(JsonNode? (value) => value);
        var truth = ArbMap.Default.GeneratorFor<bool>().Select(JsonNode? (value) => value);
        var plain = Gen.OneOf(text, number, truth, Gen.Constant<JsonNode?>(null));
        return size == 0 ? plain : Gen.OneOf(plain, ArrayOf(size).Select(JsonNode? (value) => value));
    }

    private static void Serialise(Stream output, JsonNode? value)
    {
        switch (value)
        {
            case null:
                output.Write("N;"u8);
                break;
            case JsonArray list:
                Text(output, $"a:{list.Count}:{{");
                for (var i = 0; i < list.Count; i++)
                {
                    Text(output, $"i:{i};");
                    Serialise(output, list[i]);
                }

                Text(output, "}");
                break;
            case JsonObject map:
                Text(output, $"a:{map.Count}:{{");
                foreach (var (key, item) in map)
                {
                    Text(output, $"s:{Encoding.UTF8.GetByteCount(key)}:\"{key}\";");
                    Serialise(output, item);
                }

                Text(output, "}");
                break;
            case var scalar when scalar.GetValueKind() == JsonValueKind.String:
                var text = (string)scalar!;
                Text(output, $"s:{Encoding.UTF8.GetByteCount(text)}:\"{text}\";");
                break;
            case var scalar when scalar.GetValueKind() == JsonValueKind.Number:
                Text(output, $"i:{((long)scalar).ToString(CultureInfo.InvariantCulture)};");
                break;
            default:
                Text(output, value.GetValue<bool>() ? "b:1;" : "b:0;");
                break;
        }
    }

    private static void Text(Stream output, string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
