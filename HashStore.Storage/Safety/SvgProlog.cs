using System.Globalization;
using System.Text.RegularExpressions;

namespace HashStore.Storage.Safety;

/// <summary>
/// Reads what stands before an SVG drawing's root element (XML 1.0, production 22), so that no XML library ever sees a document type: the names that older drawing programs write are skipped, any other is a finding.
/// </summary>
internal static partial class SvgProlog
{
    /// <summary>The root element must begin within so many characters; comments with licences are a few thousand long.</summary>
    private const int MaxProlog = 64 << 10;

    /// <summary>The processing instruction around XMP, which only describes.</summary>
    private const string HarmlessInstruction = "xpacket";

    /// <summary>Reads the prolog.</summary>
    /// <param name="text">The drawing, at its beginning.</param>
    /// <param name="document">The drawing without its document type; null when there is a finding.</param>
    /// <returns>What is wrong; null: nothing.</returns>
    internal static Risk? Read(TextReader text, out TextReader? document)
    {
        document = null;
        var buffer = new char[MaxProlog];
        var length = text.ReadBlock(buffer);
        var head = new string(buffer, 0, length);
        var at = 0;
        for (var next = Next(head, at); next > at; next = Next(head, at))
        {
            at = next;
        }

        if (at == length && length == MaxProlog)
        {
            return new(RiskKind.Unreadable, string.Create(CultureInfo.InvariantCulture, $"its root element does not begin within {MaxProlog} characters"));
        }

        if (!head.AsSpan(at).StartsWith("<!DOCTYPE"))
        {
            // Read by the library from the beginning, which finds everything else that is wrong with it.
            document = new RestOf(buffer, 0, length, text);
            return null;
        }

        foreach (var instruction in Instructions().EnumerateMatches(head.AsSpan(0, at)))
        {
            var name = head[(instruction.Index + 2)..(instruction.Index + instruction.Length)];
            if (name is not ("xml" or HarmlessInstruction))
            {
                return new(RiskKind.Instruction, $"the processing instruction {SvgRules.Shown(name)}");
            }
        }

        if (KnownDocumentType().Match(head, at) is not { Success: true } known)
        {
            return new(RiskKind.DocumentType, "a document type with declarations of its own");
        }

        document = new RestOf(buffer, at + known.Length, length, text);
        return null;
    }

    /// <summary>Whether a processing instruction does nothing.</summary>
    internal static bool IsHarmless(string instruction) => instruction == HarmlessInstruction;

    /// <summary>The end of the space, comment or processing instruction at a place; the place itself where there is none.</summary>
    private static int Next(string head, int at)
    {
        var rest = head.AsSpan(at);
        var end = rest.StartsWith("<!--") ? EndOf(rest, 4, "-->") : rest.StartsWith("<?") ? EndOf(rest, 2, "?>") : rest.Length - rest.TrimStart(" \t\r\n").Length;
        return at + end;
    }

    private static int EndOf(ReadOnlySpan<char> rest, int start, string mark)
    {
        var end = rest[start..].IndexOf(mark);
        return end < 0 ? rest.Length : start + end + mark.Length;
    }

    [GeneratedRegex("""\G<!DOCTYPE\s+svg(?:\s+PUBLIC\s+(["'])-//W3C//DTD SVG [^"'<>\[\]]*\1\s+(["'])https?://www\.w3\.org/[^"'<>\[\]]*\2)?\s*(?:\[\s*\]\s*)?>""", RegexOptions.CultureInvariant)]
    private static partial Regex KnownDocumentType();

    [GeneratedRegex(@"<\?[^\s?]+")]
    private static partial Regex Instructions();

    /// <summary>What was read ahead, then what follows.</summary>
    private sealed class RestOf(char[] ahead, int start, int end, TextReader following) : TextReader
    {
        private int at = start;

        public override int Peek() => at < end ? ahead[at] : following.Peek();

        public override int Read() => at < end ? ahead[at++] : following.Read();

        public override int Read(char[] buffer, int index, int count)
        {
            if (at == end)
            {
                return following.Read(buffer, index, count);
            }

            var taken = Math.Min(count, end - at);
            Array.Copy(ahead, at, buffer, index, taken);
            at += taken;
            return taken;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                following.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
