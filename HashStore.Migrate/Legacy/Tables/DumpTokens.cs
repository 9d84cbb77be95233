using System.Buffers;
using System.Text;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// The words of a dump, as bytes. What is skipped (whole tables of text) passes through vectorised searches only: <see cref="SkipStatement"/> looks for nothing but quotes, comments and the semicolon.
/// </summary>
internal sealed class DumpTokens(ByteWindow window)
{
    private const int MaxWordBytes = 256;

    private static readonly SearchValues<byte> space = SearchValues.Create(" \t\r\n\f\v"u8);
    private static readonly SearchValues<byte> notPlain = SearchValues.Create("'\"`;-#/"u8);

    private readonly StringBuilder word = new();

    /// <summary>Whether a backslash in a string begins an escape: MySQL's way, not SQLite's.</summary>
    internal bool BackslashEscapes { get; set; } = true;

    /// <summary>Told each comment of the form <c>-- text</c>.</summary>
    internal Action<string>? Comment { get; set; }

    internal int Peek() => window.Peek();

    internal int Read() => window.Read();

    /// <summary>Where the next byte is.</summary>
    internal long Offset => window.Offset;

    /// <summary>The next byte, where a dump cannot end.</summary>
    internal byte Next() => window.Read() is >= 0 and var next ? (byte)next : throw CutOff();

    internal void Expect(char expected)
    {
        SkipSpace();
        if (Next() is var found && found != expected)
        {
            throw NotUnderstood($"'{expected}' was expected, not '{(char)found}'");
        }
    }

    /// <summary>Takes a character if it comes next.</summary>
    internal bool TryTake(char wanted)
    {
        SkipSpace();
        if (window.Peek() != wanted)
        {
            return false;
        }

        window.Skip(1);
        return true;
    }

    /// <summary>Passes white space and comments.</summary>
    internal void SkipSpace()
    {
        while (true)
        {
            var rest = window.Available();
            var text = rest.IndexOfAnyExcept(space);
            if (text < 0 && !rest.IsEmpty)
            {
                window.Skip(rest.Length);
                continue;
            }

            window.Skip(Math.Max(text, 0));
            if (window.Peek() is not ('-' or '#' or '/') || !SkipComment())
            {
                return;
            }
        }
    }

    /// <summary>Passes a comment; false, with nothing passed, if what comes is none.</summary>
    private bool SkipComment()
    {
        switch (window.Peek())
        {
            case '#':
                SkipLine();
                return true;
            case '-' when window.PeekSecond() == '-':
                window.Skip(2);
                ReadLineComment();
                return true;
            case '/' when window.PeekSecond() == '*':
                window.Skip(2);
                SkipBlockComment();
                return true;
            default:
                return false;
        }
    }

    private void ReadLineComment()
    {
        word.Clear();
        while (window.Read() is >= 0 and not '\n' and var next)
        {
            if (word.Length < MaxWordBytes)
            {
                word.Append((char)next);
            }
        }

        Comment?.Invoke(word.ToString().Trim());
    }

    internal void SkipLine() => _ = SkipPast((byte)'\n');

    private void SkipBlockComment()
    {
        do
        {
            if (!SkipPast((byte)'*'))
            {
                throw CutOff();
            }
        }
        while (window.Peek() != '/');
        window.Skip(1);
    }

    private bool SkipPast(byte wanted)
    {
        while (window.Available() is { IsEmpty: false } rest)
        {
            var at = rest.IndexOf(wanted);
            window.Skip(at < 0 ? rest.Length : at + 1);
            if (at >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A word of letters, digits and underscores, in capitals; empty if something else comes.</summary>
    internal string Keyword()
    {
        SkipSpace();
        word.Clear();
        while (window.Peek() is >= 0 and var next && (char.IsAsciiLetterOrDigit((char)next) || next == '_') && word.Length < MaxWordBytes)
        {
            word.Append(char.ToUpperInvariant((char)next));
            window.Skip(1);
        }

        return word.ToString();
    }

    /// <summary>A name, bare or in backticks or double quotes or brackets; of a qualified one the last part.</summary>
    internal string Name()
    {
        string name;
        do
        {
            SkipSpace();
            name = window.Peek() switch
            {
                '`' or '"' => QuotedName(Next()),
                '[' => QuotedName((byte)(Next() + 2)), // the closing one is two further
                _ => BareName(),
            };
        }
        while (TryTake('.'));
        return name;
    }

    private string QuotedName(byte quote)
    {
        word.Clear();
        for (var next = Next(); next != quote || window.Peek() == quote; next = Next())
        {
            if (next == quote)
            {
                window.Skip(1);
            }

            if (word.Length == MaxWordBytes)
            {
                throw NotUnderstood("a name without an end");
            }

            word.Append((char)next);
        }

        return word.ToString();
    }

    private string BareName()
    {
        word.Clear();
        while (window.Peek() is >= 0 and var next && (char.IsAsciiLetterOrDigit((char)next) || next is '_' or '$' or > 127) && word.Length < MaxWordBytes)
        {
            word.Append((char)next);
            window.Skip(1);
        }

        return word.Length > 0 ? word.ToString() : throw NotUnderstood("a name was expected");
    }

    /// <summary>Passes everything up to the semicolon that ends the statement, however long it is.</summary>
    internal void SkipStatement()
    {
        while (true)
        {
            var rest = window.Available();
            if (rest.IsEmpty)
            {
                throw CutOff();
            }

            var at = rest.IndexOfAny(notPlain);
            if (at < 0)
            {
                window.Skip(rest.Length);
                continue;
            }

            var found = rest[at];
            window.Skip(at);
            if (found is (byte)'-' or (byte)'#' or (byte)'/')
            {
                window.Skip(SkipComment() ? 0 : 1);
                continue;
            }

            window.Skip(1);
            if (found == (byte)';')
            {
                return;
            }

            SkipQuoted(found);
        }
    }

    /// <summary>Passes a quoted text whose opening quote is passed. A doubled quote looks like the end and a new beginning, which comes to the same.</summary>
    internal void SkipQuoted(byte quote)
    {
        while (true)
        {
            var rest = window.Available();
            if (rest.IsEmpty)
            {
                throw CutOff();
            }

            var at = BackslashEscapes && quote != '`' ? rest.IndexOfAny(quote, (byte)'\\') : rest.IndexOf(quote);
            window.Skip(at < 0 ? rest.Length : at + 1);
            if (at >= 0 && rest[at] == quote)
            {
                return;
            }

            if (at >= 0)
            {
                _ = Next();
            }
        }
    }

    /// <summary>Reads a string whose opening quote is passed.</summary>
    internal void ReadString(RowValues row, byte quote)
    {
        while (true)
        {
            var rest = window.Available();
            if (rest.IsEmpty)
            {
                throw CutOff();
            }

            var at = BackslashEscapes ? rest.IndexOfAny(quote, (byte)'\\') : rest.IndexOf(quote);
            row.Append(at < 0 ? rest : rest[..at]);
            window.Skip(at < 0 ? rest.Length : at + 1);
            if (at < 0)
            {
                continue;
            }

            if (rest[at] != quote)
            {
                AppendEscaped(row, Next());
            }
            else if (window.Peek() == quote)
            {
                window.Skip(1);
                row.Append(quote);
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>MySQL's escapes. <c>\%</c> and <c>\_</c> are two characters outside of patterns; any other character stands for itself.</summary>
    private static void AppendEscaped(RowValues row, byte escaped)
    {
        if (escaped is (byte)'%' or (byte)'_')
        {
            row.Append((byte)'\\');
        }

        row.Append(escaped switch
        {
            (byte)'0' => 0,
            (byte)'b' => (byte)'\b',
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'Z' => 0x1A,
            _ => escaped,
        });
    }

    internal LegacyTablesException CutOff() =>
        new($"The dump ends in the middle of a statement, after {window.Offset} bytes: it was cut off. Nothing was changed; make the dump again.");

    internal LegacyTablesException NotUnderstood(string what) =>
        new($"Byte {window.Offset} of the dump is not understood: {what}. Nothing was changed. Give a dump made by mysqldump or mariadb-dump.");
}
