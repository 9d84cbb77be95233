using HashStore.Tests.Architecture;
using HashStore.Tests.Content;
using HashStore.Tests.Http.Support;

namespace HashStore.Tests.Thumbnails;

/// <summary>Contents that real programs make thumbnails of, and addresses of those.</summary>
internal static class ThumbnailSamples
{
    /// <summary>What renders pictures.</summary>
    internal const string Vips = "vipsthumbnail";

    private static readonly byte[] hills = File.ReadAllBytes(Path.Combine(Repository.Root, "HashStore.Tests", "Samples", "Hills.jpg"));

    /// <summary>A photograph, 480 pixels wide and 320 high, each time another content: what follows the end of a picture is not looked at.</summary>
    internal static byte[] Photograph() => [.. hills, .. Samples.Text()];

    /// <summary>A drawing with a text in German and one for everybody else.</summary>
    internal static byte[] Drawing() => Samples.Text("""
        <svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="teal"/>
        <switch><text systemLanguage="de" x="9" y="99">Baum</text><text x="9" y="99">tree</text></switch></svg>
        <!--
        """.TrimEnd() + " ").Concat("-->"u8.ToArray()).ToArray();

    /// <summary>A picture whose pixels cannot be read.</summary>
    internal static byte[] Broken() => Samples.Png();

    /// <summary>A picture that declares a size beyond every limit.</summary>
    internal static byte[] Bomb() => [.. SampleFiles.Png(50_000, 50_000), .. Samples.Text()];

    /// <summary>The address of a thumbnail in the hash form.</summary>
    internal static string Url(byte[] content, string file) => $"/images/thumb/{Samples.ObjectPath(content)}/{Uri.EscapeDataString(file)}";

    /// <summary>Its place.</summary>
    internal static string Place(ServerProcess server, byte[] content, string parametersAndExtension) => Path.Combine(server.Root, "thumb", $"{Samples.ObjectPath(content)}-{parametersAndExtension}");

    /// <summary>Width and height of a JPEG, from its frame header.</summary>
    internal static (int Width, int Height) SizeOf(byte[] jpeg)
    {
        for (var at = 2; at + 9 < jpeg.Length; at += 2 + ((jpeg[at + 2] << 8) | jpeg[at + 3]))
        {
            if (jpeg[at + 1] is 0xC0 or 0xC1 or 0xC2)
            {
                return ((jpeg[at + 7] << 8) | jpeg[at + 8], (jpeg[at + 5] << 8) | jpeg[at + 6]);
            }
        }

        return default;
    }

    /// <summary>A number of <c>/metrics</c>.</summary>
    internal static async Task<double> MetricAsync(ServerProcess server, string name)
    {
        var line = (await server.Client.GetAsync("/metrics")).Text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
