using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HashStore.Tests.Content;

namespace HashStore.Tests.Http.Support;

/// <summary>Contents of known types, each one different from all before.</summary>
internal static class Samples
{
    private static int count;

    /// <summary>A picture of about so many bytes.</summary>
    public static byte[] Png(int size = 600) => Unlike(SampleFiles.Png(), size);

    public static byte[] Jpeg(int size = 600) => Unlike(SampleFiles.Jpeg(), size);

    /// <summary>Bytes of no type.</summary>
    public static byte[] Unknown(int size) => Unlike([0, 1, 2, 3], size);

    public static byte[] Zip() => SampleFiles.ZipEntry("a.txt", Line());

    public static byte[] Text(string before = "") => Encoding.UTF8.GetBytes(before + Line());

    public static byte[] Svg() => Text("<svg xmlns=\"http://www.w3.org/2000/svg\"/>");

    public static byte[] Html() => Text("<!DOCTYPE html><html><script>alert(1)</script></html>");

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string Base64Sha256(byte[] content) => Convert.ToBase64String(SHA256.HashData(content));

    /// <summary>The path of content in a store with the default settings.</summary>
    public static string ObjectPath(byte[] content)
    {
        var key = Sha256(content)[..16];
        return $"{key[0]}/{key[1]}/{key[2]}/{key[3..]}";
    }

    public static string ObjectUrl(byte[] content, string name = "") =>
        $"/images/{ObjectPath(content)}" + (name.Length == 0 ? "" : "/" + Uri.EscapeDataString(name));

    private static string Line() => string.Create(CultureInfo.InvariantCulture, $"content number {Interlocked.Increment(ref count)}\n");

    private static byte[] Unlike(byte[] start, int size)
    {
        var rest = new byte[Math.Max(8, size - start.Length)];
        new Random(Interlocked.Increment(ref count)).NextBytes(rest);
        return [.. start, .. rest];
    }
}
