using HashStore.Migrate.Legacy;
using HashStore.Migrate.Live;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Server.Legacy;

/// <summary>
/// The legacy tree as requests see it. Where it cannot be worked with, the server serves all the same: nothing is converted then, and legacy paths of names that are in the tables answer from there.
/// </summary>
internal sealed partial class LegacyAccess : IAsyncDisposable
{
    private readonly Store store;
    private readonly ILogger logger;

    private readonly LegacySiteOptions options;
    private readonly bool isMeant;

    private LegacyAccess(Store store, LegacySite? site, ServerSettings settings, string? problem, ILogger logger)
    {
        this.store = store;
        this.logger = logger;
        Site = site;
        options = settings.Conversion.ToSiteOptions(settings);
        Tree = options.Tree ?? store.Paths.Root;
        isMeant = settings.LegacyTree is not null || settings.Conversion is { Background: true } or { Watch: true } or { Tables: not null };
        Problem = problem;
    }

    /// <summary>The tree and the store together; null where the tree cannot be worked with.</summary>
    internal LegacySite? Site { get; }

    /// <summary>The legacy tree, absolute.</summary>
    internal string Tree { get; }

    /// <summary>Why the tree cannot be worked with, and what to do; null where it can.</summary>
    internal string? Problem { get; }

    /// <summary>Opens the tree.</summary>
    /// <exception cref="StoreException">A setting makes no sense.</exception>
    internal static async Task<LegacyAccess> OpenAsync(Store store, ServerSettings settings, ILogger logger)
    {
        try
        {
            return new LegacyAccess(store, await LegacySite.OpenAsync(store, settings.Conversion.ToSiteOptions(settings), logger), settings, null, logger);
        }
        catch (StoreException exception) when (exception.Fault != StoreFault.BadSetting)
        {
            return new LegacyAccess(store, null, settings, exception.Message, logger);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new LegacyAccess(store, null, settings, $"The legacy tree cannot be read: {exception.Message}", logger);
        }
    }

    /// <summary>The tree as it is now, for who watches it.</summary>
    internal LegacyTree Look() => LegacyTree.Open(options.Tree, store.Paths, options.Levels, options.LinkRoot);

    /// <summary>Where a name's current version lies in the tree; null where there are no hash directories: such a tree is none, or has hardly anything.</summary>
    internal string? PathOf(FileName name) => Site?.Levels is > 0 and var levels ? LegacyPath.OfCurrent(name.Value, levels) : null;

    /// <summary>Says what is wrong with the tree, or may be; when the server has started, since a failed start is told in one sentence.</summary>
    internal void TellProblems()
    {
        // A store that nobody means to convert anything into has no web server of a wiki in front.
        foreach (var warning in isMeant && Site is not null ? Site.Warnings : [])
        {
            LogWarning(logger, warning);
        }

        if (Problem is not null)
        {
            LogNotOpened(logger, Problem);
        }
    }

    /// <summary>What a legacy path stands for; null: nothing.</summary>
    internal Task<LegacyView?> FindAsync(string path, CancellationToken cancellation) => Site is { } site ? site.FindAsync(path, cancellation) : FindInTablesAsync(path);

    /// <summary>Sees to it that the tables know what the tree has under a name.</summary>
    internal Task RefreshAsync(string name, CancellationToken cancellation) => Site is { } site ? site.RefreshAsync(name, cancellation) : Task.CompletedTask;

    /// <summary>Follows names thoroughly now.</summary>
    /// <exception cref="StoreException">It could not be done; says what to do.</exception>
    internal Task ReconcileAsync(IReadOnlyCollection<string> names, CancellationToken cancellation) =>
        Site is { } site ? site.ReconcileAsync(names, cancellation) : throw new StoreException(StoreFault.Unavailable, Problem!);

    public ValueTask DisposeAsync() => Site?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<LegacyView?> FindInTablesAsync(string path)
    {
        if (!LegacyPath.TryParse(path, out var parsed))
        {
            return null;
        }

        if (parsed.Value is { Kind: LedgerKind.Thumb or LedgerKind.ArchiveThumb, Shown: { } shown })
        {
            // Below thumb/ the folder has the path of what its files show.
            var original = path.EndsWith($"/{shown}/{parsed.Value.File}", StringComparison.Ordinal)
                ? await FindInTablesAsync(path[(LegacyPath.ThumbFolder.Length + 1)..^(parsed.Value.File.Length + 1)])
                : null;
            return original is { Key: { } key } ? new LegacyView(original.Name, Thumb: new LegacyThumb(key, shown, null)) : original;
        }

        if (parsed.Value.Kind is not (LedgerKind.Current or LedgerKind.Archive))
        {
            return null;
        }

        var (kind, name) = (parsed.Value.Kind, parsed.Value.Name);
        var asked = FileName.FromStored(name);
        var (file, renamed) = await store.Names.FindAsync(asked);
        if (renamed is { } other)
        {
            file = (await store.Names.FindAsync(other)).File;
        }

        if (file is null || !LiesThere(path, kind, kind == LedgerKind.Current ? name : file.Name.Value))
        {
            return null;
        }

        var version = kind == LedgerKind.Current ? file.Current : file.Versions.FirstOrDefault(old => old.ArchiveName == parsed.Value.File);
        return version is null ? null
            : file.Deleted || (version.Hidden & HiddenParts.Content) != 0 ? new LegacyView(file.Name, IsGone: true)
            : new LegacyView(file.Name, version.Key);
    }

    /// <summary>Whether a path has the hash directories of its name: any depth will do, another name's will not.</summary>
    private static bool LiesThere(string path, LedgerKind kind, string name)
    {
        var slashes = path.Count(c => c == '/');
        return path == (kind == LedgerKind.Current ? LegacyPath.OfCurrent(name, slashes) : LegacyPath.OfArchive(name, LegacyTarget.FileOf(path), slashes - 1));
    }

    [LoggerMessage(309, LogLevel.Warning, "legacy tree: {Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(303, LogLevel.Warning, "legacy files are not converted: {Problem}")]
    private static partial void LogNotOpened(ILogger logger, string problem);
}
