using System.CommandLine;
using HashStore.Migrate.Legacy.Tables;

namespace HashStore.Migrate.Verbs;

/// <summary>The options that say where the legacy tables are: the same for all verbs that read them.</summary>
internal sealed class TablesArguments
{
    /// <summary>What table <c>legacy</c> has room for.</summary>
    private const int MaxPrefixChars = 64;

    private readonly Option<string?> tables = new("--tables")
    {
        Description = "The legacy tables: a mysqldump .sql or .sql.gz, - for one on standard input, a MediaWiki SQLite database, or a folder of image.csv, oldimage.csv, filearchive.csv, "
            + "actor.csv, comment.csv",
        HelpName = "PATH",
    };

    private readonly Option<string> prefix = new("--prefix")
    {
        Description = "The tables' prefix ($wgDBprefix)", HelpName = "TEXT", DefaultValueFactory = _ => "",
    };

    private readonly Func<Stream> input;

    /// <summary>Adds them to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="input">Standard input; null: it is refused, because the tables are read more than once.</param>
    /// <param name="required">Whether the verb cannot do without.</param>
    internal TablesArguments(Command verb, Func<Stream>? input, bool required)
    {
        this.input = input ?? (static () => Stream.Null);
        tables.Required = required;
        tables.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError($"{tables.Name} must not be empty.");
            }

            if (input is null && result.Tokens.Any(token => token.Value == TablesSource.StandardInput))
            {
                result.AddError($"{tables.Name} {TablesSource.StandardInput}: standard input can be read only once, and {verb.Name} reads the tables whenever they change. Give a file, a SQLite database or a folder.");
            }
        });
        prefix.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length > MaxPrefixChars))
            {
                result.AddError($"{prefix.Name} has more than {MaxPrefixChars} characters.");
            }
        });
        verb.Add(tables);
        verb.Add(prefix);
    }

    /// <summary>The source that the command line names; null when it names none.</summary>
    internal TablesSource? Read(ParseResult parsed) => parsed.GetValue(tables) is { } path ? new TablesSource(path, parsed.GetValue(prefix) ?? "", input) : null;
}
