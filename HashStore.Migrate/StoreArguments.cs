using System.CommandLine;
using HashStore.Storage;

namespace HashStore.Migrate;

/// <summary>The options that say which store a verb works on: the same for all of them.</summary>
internal sealed class StoreArguments
{
    private readonly Option<string> root = new("--root")
    {
        Description = "ROOT: the folder of the store (with MediaWiki: $wgUploadDirectory)", HelpName = "DIR", Required = true,
    };

    private readonly Option<string?> state = new("--state")
    {
        Description = "STATE, if it lies elsewhere than in ROOT/" + StorePaths.DefaultStateName, HelpName = "DIR",
    };

    private readonly Option<DatabaseProvider> provider = new("--provider")
    {
        Description = "The store's database", DefaultValueFactory = _ => DatabaseProvider.Sqlite,
    };

    private readonly Option<string?> connectionString = new("--connection-string")
    {
        Description = "How to connect to the database, if it is not the embedded one in STATE", HelpName = "TEXT",
    };

    /// <summary>Adds them to a verb.</summary>
    internal StoreArguments(Command verb)
    {
        NotEmpty(root);
        NotEmpty(state);
        verb.Add(root);
        verb.Add(state);
        verb.Add(provider);
        verb.Add(connectionString);
        verb.Validators.Add(result =>
        {
            // By its word: reading a value that does not parse would throw before its own message is shown.
            if (result.GetResult(provider) is { } chosen
                && chosen.Tokens.Any(token => token.Value.Equals(nameof(DatabaseProvider.SqlServer), StringComparison.OrdinalIgnoreCase))
                && string.IsNullOrEmpty(result.GetValue(connectionString)))
            {
                result.AddError("--provider SqlServer needs a --connection-string.");
            }
        });
    }

    /// <summary>The store that the command line names.</summary>
    internal StoreOptions Read(ParseResult parsed) => new()
    {
        Paths = StorePaths.For(parsed.GetRequiredValue(root), parsed.GetValue(state)),
        Provider = parsed.GetValue(provider),
        ConnectionString = parsed.GetValue(connectionString),
    };

    private static void NotEmpty(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
        {
            result.AddError($"{option.Name} must not be empty.");
        }
    });
}
