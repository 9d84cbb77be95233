using System.CommandLine;
using HashStore.Migrate.Legacy;

namespace HashStore.Migrate.Verbs;

/// <summary>The options that say where the legacy tree is: the same for all verbs that work on it.</summary>
internal sealed class LegacyArguments
{
    private readonly Option<string?> legacy = new("--legacy") { Description = "The legacy tree, if it is not ROOT itself", HelpName = "DIR" };

    private readonly Option<int?> levels = new("--levels") { Description = "The depth of the tree's hash directories, if it is not to be found out: 2 for 1/12/Name.jpg", HelpName = "N" };

    /// <summary>Adds them to a verb.</summary>
    internal LegacyArguments(Command verb)
    {
        legacy.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError($"{legacy.Name} must not be empty.");
            }
        });
        levels.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !int.TryParse(token.Value, out var number) || number is < 0 or > LegacyPath.MaxLevels))
            {
                result.AddError($"{levels.Name} must be from 0 to {LegacyPath.MaxLevels}.");
            }
        });
        verb.Add(legacy);
        verb.Add(levels);
    }

    /// <summary>The tree that the command line names; null: ROOT.</summary>
    internal string? Tree(ParseResult parsed) => parsed.GetValue(legacy);

    /// <summary>The depth that the command line names; null: it is found out.</summary>
    internal int? Levels(ParseResult parsed) => parsed.GetValue(levels);
}
