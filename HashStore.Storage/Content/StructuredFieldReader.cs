namespace HashStore.Storage.Content;

/// <summary>
/// The part of structured fields (RFC 8941 section 4.2) that digest fields need: dictionaries whose values are byte sequences, with any parameters.
/// Every method returns false where the text is malformed; <see cref="Position"/> then is near the mistake.
/// </summary>
internal ref struct StructuredFieldReader(ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> text = text;

    /// <summary>How many characters were read.</summary>
    internal int Position { get; private set; }

    internal readonly bool AtEnd => Position == text.Length;

    private readonly char Next => AtEnd ? '\0' : text[Position];

    internal void SkipSpaces() => Skip(" ");

    internal void SkipWhitespace() => Skip(" \t");

    /// <summary>key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" )</summary>
    internal bool TryReadKey(out ReadOnlySpan<char> key)
    {
        var start = Position;
        if (char.IsAsciiLetterLower(Next) || Next == '*')
        {
            Position++;
            while (char.IsAsciiLetterLower(Next) || char.IsAsciiDigit(Next) || Next is '_' or '-' or '.' or '*')
            {
                Position++;
            }
        }

        key = text[start..Position];
        return !key.IsEmpty;
    }

    internal bool TryRead(char expected)
    {
        if (AtEnd || Next != expected)
        {
            return false;
        }

        Position++;
        return true;
    }

    /// <summary>sf-binary = ":" *(base64) ":"; gives what stands between the colons.</summary>
    internal bool TryReadBinary(out ReadOnlySpan<char> base64)
    {
        base64 = default;
        if (!TryRead(':'))
        {
            return false;
        }

        // "If binary_content contains a character not included in ALPHA, DIGIT, "+", "/", and "=", fail parsing." (4.2.7)
        var start = Position;
        while (char.IsAsciiLetterOrDigit(Next) || Next is '+' or '/' or '=')
        {
            Position++;
        }

        base64 = text[start..Position];
        return TryRead(':');
    }

    /// <summary>parameters = *( ";" *SP key [ "=" bare-item ] ); read and dropped, because digest fields define none.</summary>
    internal bool TrySkipParameters()
    {
        while (TryRead(';'))
        {
            SkipSpaces();
            if (!TryReadKey(out _) || (TryRead('=') && !TrySkipBareItem()))
            {
                return false;
            }
        }

        return true;
    }

    // bare-item = sf-integer / sf-decimal / sf-string / sf-token / sf-binary / sf-boolean     (3.3)
    private bool TrySkipBareItem()
    {
        switch (Next)
        {
            case ':':
                return TryReadBinary(out _);
            case '"':
                return TrySkipString();
            case '?':
                Position++;
                return TryRead('0') || TryRead('1');
            case '-' or (>= '0' and <= '9'):
                return TrySkipNumber();
            default:
                return TrySkipToken();
        }
    }

    // Integers have up to 15 digits, decimals up to 12 before the point and 1 to 3 behind it (3.3.1, 3.3.2).
    private bool TrySkipNumber()
    {
        _ = TryRead('-');
        var whole = SkipDigits();
        return TryRead('.') ? whole is >= 1 and <= 12 && SkipDigits() is >= 1 and <= 3 : whole is >= 1 and <= 15;
    }

    // Printable ASCII; a quote or a backslash only behind a backslash (3.3.3).
    private bool TrySkipString()
    {
        Position++;
        while (!AtEnd)
        {
            var c = text[Position++];
            if (c == '"')
            {
                return true;
            }

            if (c is < ' ' or > '~' || (c == '\\' && !TryRead('"') && !TryRead('\\')))
            {
                return false;
            }
        }

        return false;
    }

    // sf-token = ( ALPHA / "*" ) *( tchar / ":" / "/" )     (3.3.4)
    private bool TrySkipToken()
    {
        if (!char.IsAsciiLetter(Next) && Next != '*')
        {
            return false;
        }

        while (!AtEnd && (char.IsAsciiLetterOrDigit(Next) || "!#$%&'*+-.^_`|~:/".Contains(Next)))
        {
            Position++;
        }

        return true;
    }

    private int SkipDigits()
    {
        var start = Position;
        while (char.IsAsciiDigit(Next))
        {
            Position++;
        }

        return Position - start;
    }

    private void Skip(ReadOnlySpan<char> characters)
    {
        while (!AtEnd && characters.Contains(Next))
        {
            Position++;
        }
    }
}
