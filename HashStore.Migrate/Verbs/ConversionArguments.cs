using System.CommandLine;
using System.CommandLine.Parsing;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Verbs;

/// <summary>What a conversion begins with, after it was found out that it can work.</summary>
internal sealed record ConversionStart(StoreOptions Store, LegacyTree Tree, Preflight Preflight, ConversionOptions Options);

/// <summary>The options that say what is converted and how: the same for all verbs that convert.</summary>
internal sealed class ConversionArguments
{
    private readonly Option<int> jobs = new("--jobs")
    {
        Description = "Threads that read and hash", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<string> links = new("--links") { Description = "How links say the way", DefaultValueFactory = _ => "absolute" };

    private readonly Option<string?> linkRoot = new("--link-root") { Description = "The path under which the wiki sees ROOT: absolute links begin with it", HelpName = "DIR" };

    private readonly Option<string?> report = new("--report") { Description = "Write a line for each legacy path", HelpName = "FILE.csv" };

    private readonly Option<long> limitRate = new("--limit-rate") { Description = "Bytes per second that may be read", HelpName = "BYTES" };

    private readonly Option<bool> quietTree = new("--quiet-tree") { Description = "Nothing writes to the tree: needed where the file system lacks leases or the atomic exchange" };

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only find out what would be done, and whether it can be" };

    private readonly Option<string?> probe = new("--probe") { Description = "The tree's URL at the site: try one file through its web server first", HelpName = "URL" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: what did not go as planned, then a summary" };

    private readonly StoreArguments store;
    private readonly LegacyArguments legacy;

    /// <summary>Adds them to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="input">Standard input; null: it is refused as the source of the tables.</param>
    internal ConversionArguments(Command verb, Func<Stream>? input)
    {
        store = new StoreArguments(verb);
        legacy = new LegacyArguments(verb);
        Tables = new TablesArguments(verb, input, required: false);
        links.AcceptOnlyFromAmong("absolute", "relative");
        foreach (var option in new Option[] { jobs, links, linkRoot, report, limitRate, quietTree, dryRun, probe, json })
        {
            verb.Add(option);
        }

        Check(jobs, text => !int.TryParse(text, out var count) || count is >= 1 and <= 1024, "must be from 1 to 1024.");
        Check(limitRate, text => !long.TryParse(text, out var rate) || rate >= 0, "must not be negative.");
        Check(linkRoot, text => text.StartsWith('/'), "must be an absolute path.");
        Check(report, text => text.Length > 0, "must not be empty.");
        Check(probe, text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https", "must be an http or https URL: that of the upload directory, $wgUploadPath.");
    }

    /// <summary>Where the legacy tables are.</summary>
    internal TablesArguments Tables { get; }

    /// <summary>Checks an option by its words: reading a value that does not parse would throw before its own message is shown.</summary>
    internal static void Check(Option option, Func<string, bool> isRight, string problem) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => !isRight(token.Value)))
        {
            result.AddError($"{option.Name} {problem}");
        }
    });

    /// <summary>Whether standard output holds only JSON.</summary>
    internal bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    /// <summary>The tree that the command line names; null: ROOT.</summary>
    internal string? Tree(ParseResult parsed) => legacy.Tree(parsed);

    /// <summary>The depth that the command line names; null: it is found out.</summary>
    internal int? Levels(ParseResult parsed) => legacy.Levels(parsed);

    /// <summary>Whether nothing is to be changed.</summary>
    internal bool IsDryRun(ParseResult parsed) => parsed.GetValue(dryRun);

    /// <summary>The file that gets a line for each legacy path; null: none.</summary>
    internal string? Report(ParseResult parsed) => parsed.GetValue(report);

    /// <summary>The tree's URL at the site; null: it is not asked.</summary>
    internal Uri? Probe(ParseResult parsed) => parsed.GetValue(probe) is { } url ? new Uri(url) : null;

    /// <summary>Finds out whether the conversion can work at all, before anything is made. A dry run tells what it would do.</summary>
    /// <returns>Null: it was a dry run, and is over.</returns>
    /// <exception cref="StoreException">It cannot work.</exception>
    internal async Task<ConversionStart?> BeginAsync(ParseResult parsed, string verb, CommandOutput output, CancellationToken cancellation)
    {
        var options = Options(parsed);
        var storeOptions = store.Read(parsed) with { IsLegacyTree = legacy.Tree(parsed) is null };
        var paths = storeOptions.Paths;
        var tree = LegacyTree.Open(legacy.Tree(parsed), paths, legacy.Levels(parsed), options.LinkRoot);
        Preflight.CheckPlaces(paths, tree.Root);
        var preflight = new Preflight(tree, options);
        preflight.TryCalls(Nearest(paths.State));
        foreach (var warning in preflight.Warnings)
        {
            output.Message($"{verb}: warning: {warning}");
        }

        options = options with { WithoutExchange = preflight.WithoutExchange };
        if (IsDryRun(parsed))
        {
            using var parts = File.Exists(paths.Layout) ? StoreOpening.OpenReadOnly(storeOptions) : null;
            await using var context = parts?.Database.NewContext();
            await new DryRun(tree, preflight, output, IsJson(parsed), context).RunAsync(options, cancellation);
            return null;
        }

        if (!File.Exists(paths.Layout))
        {
            preflight.CheckRoom(new ConversionNeeds()); // for the store itself: half a database helps nobody
        }

        return new ConversionStart(storeOptions, tree, preflight, options);
    }

    private ConversionOptions Options(ParseResult parsed) => new()
    {
        Jobs = parsed.GetValue(jobs),
        RelativeLinks = parsed.GetValue(links) == "relative",
        LinkRoot = parsed.GetValue(linkRoot) is { } root ? Path.TrimEndingDirectorySeparator(root) : null,
        QuietTree = parsed.GetValue(quietTree),
        BytesPerSecond = parsed.GetValue(limitRate),
    };

    private static string Nearest(string folder) => Directory.Exists(folder) ? folder : Nearest(Path.GetDirectoryName(folder)!);
}
