namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// Reads the tables of <see cref="LegacyTable"/> from a dump (mysqldump, mariadb-dump, phpMyAdmin, or SQLite's <c>.dump</c>) into a spool, statement by statement and value by value: nothing is held
/// but one row. Statements about other tables are skipped.
/// </summary>
internal sealed class DumpReader
{
    private readonly DumpTokens tokens;
    private readonly TableSpool spool;
    private readonly TablePrefix prefix;
    private readonly RowValues row = new();
    private readonly Dictionary<LegacyTable, List<string>> columns = [];
    private bool understood, endMarkMissing;

    internal DumpReader(Stream stream, TableSpool spool, TablePrefix prefix, int windowBytes = 256 << 10)
    {
        tokens = new DumpTokens(new ByteWindow(stream, windowBytes)) { Comment = Remark };
        this.spool = spool;
        this.prefix = prefix;
    }

    /// <summary>Reads all of it.</summary>
    /// <exception cref="LegacyTablesException">It is no dump, or was cut off.</exception>
    internal void Read()
    {
        while (true)
        {
            tokens.SkipSpace();
            var next = tokens.Peek();
            if (next == ByteWindow.End)
            {
                break;
            }

            if (next == ';')
            {
                _ = tokens.Read();
                continue;
            }

            ReadStatement();
        }

        if (!understood)
        {
            throw new LegacyTablesException("There is no CREATE TABLE and no INSERT in it: this is no dump of a database. Give a dump made by mysqldump or mariadb-dump.");
        }

        if (endMarkMissing)
        {
            throw new LegacyTablesException(
                $"The dump ends after {tokens.Offset} bytes without the line \"-- Dump completed\" that its program writes last: it was cut off. Nothing was changed; make the dump again.");
        }
    }

    private void ReadStatement()
    {
        switch (tokens.Keyword())
        {
            case "CREATE":
                ReadCreate();
                break;
            case "INSERT" or "REPLACE":
                ReadInsert();
                break;
            case "DELIMITER":
                SkipRoutines();
                break;
            case "PRAGMA":
                tokens.BackslashEscapes = false; // SQLite's own dump begins with one
                tokens.SkipStatement();
                break;
            case "COPY":
                throw new LegacyTablesException("This is a dump of PostgreSQL, which cannot be read. Export the tables as CSV files into a folder (docs/MIGRATION.md) and give that.");
            case "":
                throw tokens.NotUnderstood("no statement begins like this, so this is no dump");
            default:
                tokens.SkipStatement();
                break;
        }
    }

    private void ReadCreate()
    {
        var what = tokens.Keyword();
        if (what != "TABLE")
        {
            tokens.SkipStatement();
            return;
        }

        understood = true;
        var quoted = IsQuotedNext();
        var name = tokens.Name();
        if (!quoted && name.Equals("IF", StringComparison.OrdinalIgnoreCase))
        {
            _ = tokens.Keyword() == "NOT" && tokens.Keyword() == "EXISTS" ? 0 : throw tokens.NotUnderstood("a table's name was expected");
            name = tokens.Name();
        }

        Define(name);
    }

    /// <summary>Whether the next name is quoted, and so is no keyword.</summary>
    private bool IsQuotedNext()
    {
        tokens.SkipSpace();
        return tokens.Peek() is '`' or '"' or '[';
    }

    private void Define(string name)
    {
        if (!tokens.TryTake('('))
        {
            tokens.SkipStatement(); // CREATE TABLE … LIKE, … AS SELECT
            return;
        }

        // Other tables are of interest only for finding out that there is a prefix.
        var table = prefix.Find(name);
        if (table is null && !TablePrefix.CouldBeImage(name))
        {
            tokens.SkipStatement();
            return;
        }

        var found = ReadColumnNames();
        tokens.SkipStatement();
        prefix.Saw(name, found);
        if (table is null || !table.Fits(found))
        {
            return;
        }

        if (!columns.TryAdd(table, found))
        {
            throw new LegacyTablesException($"The dump holds table {name} twice, as that of several databases does. Nothing was changed; dump the wiki's database alone.");
        }

        spool.Found(table);
    }

    /// <summary>The columns of a CREATE TABLE whose parenthesis is open: what begins with a name that is no keyword of a key.</summary>
    private List<string> ReadColumnNames()
    {
        var found = new List<string>();
        do
        {
            var quoted = IsQuotedNext();
            var name = tokens.Name();
            if (quoted || name.ToUpperInvariant() is not ("PRIMARY" or "KEY" or "UNIQUE" or "INDEX" or "FULLTEXT" or "SPATIAL" or "CONSTRAINT" or "CHECK" or "FOREIGN" or "PERIOD"))
            {
                found.Add(name);
            }
        }
        while (SkipDefinition());
        return found;
    }

    /// <summary>Passes the rest of a column; whether another one follows.</summary>
    private bool SkipDefinition()
    {
        for (var depth = 0; ;)
        {
            tokens.SkipSpace();
            var next = tokens.Next();
            switch (next)
            {
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when depth == 0:
                    return false;
                case (byte)')':
                    depth--;
                    break;
                case (byte)',' when depth == 0:
                    return true;
                case (byte)'\'' or (byte)'"' or (byte)'`':
                    tokens.SkipQuoted(next);
                    break;
                default:
                    break;
            }
        }
    }

    private void ReadInsert()
    {
        understood = true;
        string name;
        while (true)
        {
            var quoted = IsQuotedNext();
            name = tokens.Name();
            if (quoted || name.ToUpperInvariant() is not ("LOW_PRIORITY" or "DELAYED" or "HIGH_PRIORITY" or "OR" or "IGNORE" or "REPLACE" or "INTO"))
            {
                break;
            }
        }

        if (prefix.Find(name) is { } table && PlacesOf(table, name) is { } places)
        {
            ReadRows(table, places);
        }
        else
        {
            tokens.SkipStatement();
        }
    }

    /// <summary>Where each value belongs; null when the table only has the name of one of MediaWiki's.</summary>
    private int[]? PlacesOf(LegacyTable table, string name)
    {
        if (tokens.TryTake('('))
        {
            var given = new List<string>();
            do
            {
                given.Add(tokens.Name());
            }
            while (tokens.TryTake(','));
            tokens.Expect(')');
            if (!table.Fits(given))
            {
                return null;
            }

            prefix.Saw(name, given);
            spool.Found(table);
            return table.PlacesOf(given);
        }

        if (columns.TryGetValue(table, out var created))
        {
            return table.PlacesOf(created);
        }

        return prefix.HasSeen(name)
            ? null
            : throw new LegacyTablesException($"The dump has rows of {name} but no CREATE TABLE for it. Nothing was changed; dump without --no-create-info, or with --complete-insert.");
    }

    private void ReadRows(LegacyTable table, int[] places)
    {
        if (tokens.Keyword() is not ("VALUES" or "VALUE"))
        {
            throw tokens.NotUnderstood("VALUES was expected");
        }

        do
        {
            tokens.Expect('(');
            row.Clear();
            do
            {
                ReadValue();
            }
            while (tokens.TryTake(','));
            tokens.Expect(')');
            if (row.Count != places.Length)
            {
                throw tokens.NotUnderstood($"a row of {table.Name} with {row.Count} values, where the table has {places.Length} columns");
            }

            spool.Add(table, places, row);
        }
        while (tokens.TryTake(','));

        tokens.SkipStatement(); // ON DUPLICATE KEY UPDATE …, or nothing
    }

    private void ReadValue()
    {
        tokens.SkipSpace();
        switch (tokens.Peek())
        {
            case '\'' or '"':
                tokens.ReadString(row, tokens.Next());
                row.EndValue();
                break;
            case '-' or '+' or '.' or (>= '0' and <= '9'):
                ReadNumber();
                break;
            case '_':
                _ = tokens.Name(); // a character set: _binary '…'
                ReadValue();
                break;
            default:
                ReadWord();
                break;
        }
    }

    private void ReadNumber()
    {
        var first = tokens.Next();
        if (first == '0' && tokens.Peek() is 'x' or 'X')
        {
            _ = tokens.Next();
            ReadHex();
            row.EndValue();
            return;
        }

        row.Append(first);
        while (tokens.Peek() is >= 0 and var next && (char.IsAsciiLetterOrDigit((char)next) || next is '.' or '+' or '-'))
        {
            row.Append(tokens.Next());
        }

        row.EndValue();
    }

    private void ReadWord()
    {
        switch (tokens.Keyword())
        {
            case "NULL":
                row.AddNull();
                break;
            case "X" when tokens.Peek() == '\'':
                _ = tokens.Next();
                ReadHex();
                tokens.Expect('\'');
                row.EndValue();
                break;
            case "TRUE":
                row.Append((byte)'1');
                row.EndValue();
                break;
            case "FALSE":
                row.Append((byte)'0');
                row.EndValue();
                break;
            case var other:
                throw tokens.Peek() == ByteWindow.End ? tokens.CutOff() : tokens.NotUnderstood($"the value {other}…");
        }
    }

    private void ReadHex()
    {
        while (tokens.Peek() is >= 0 and var digit && char.IsAsciiHexDigit((char)digit))
        {
            var (high, low) = ((char)tokens.Next(), (char)tokens.Next());
            row.Append(char.IsAsciiHexDigit(low) ? Convert.ToByte($"{high}{low}", 16) : throw tokens.NotUnderstood("half a byte in hexadecimal"));
        }
    }

    /// <summary>Passes triggers and routines, in which the semicolon ends nothing.</summary>
    private void SkipRoutines()
    {
        tokens.SkipLine();
        while (tokens.Peek() != ByteWindow.End)
        {
            if (tokens.Peek() is 'D' or 'd' && tokens.Keyword() == "DELIMITER")
            {
                var ended = tokens.TryTake(';') && tokens.Peek() is '\n' or '\r' or ByteWindow.End;
                tokens.SkipLine();
                if (ended)
                {
                    return;
                }
            }
            else
            {
                tokens.SkipLine();
            }
        }

        throw tokens.CutOff();
    }

    /// <summary>mysqldump and mariadb-dump say who they are first, and that they are done last.</summary>
    private void Remark(string comment)
    {
        if (comment.StartsWith("MySQL dump", StringComparison.Ordinal) || comment.StartsWith("MariaDB dump", StringComparison.Ordinal))
        {
            endMarkMissing = true;
        }
        else if (comment.StartsWith("Dump completed", StringComparison.Ordinal))
        {
            endMarkMissing = false;
        }
        else if (comment.StartsWith("PostgreSQL database dump", StringComparison.Ordinal))
        {
            throw new LegacyTablesException("This is a dump of PostgreSQL, which cannot be read. Export the tables as CSV files into a folder (docs/MIGRATION.md) and give that.");
        }
    }
}
