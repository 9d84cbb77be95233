using HashStore.Tests.Support;
using HashStore.Tests.Wiki.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Wiki;

/// <summary>
/// A wiki goes on in its converted tree, with converted files: it uploads, reverts, deletes, undeletes, moves, hides and shows. After each step all of its files, thumbnails and pages answer and no link leads
/// nowhere; and once HashStore has followed, its history is the wiki's and nothing that was deleted or hidden can be read.
/// </summary>
public abstract class LivingWikiTests(ITestOutputHelper output)
{
    private protected async Task LiveAsync(WikiDatabase database, Func<LivingWiki, WikiFollower> follow, bool serverReadsTables)
    {
        var seed = WikiScript.Seed();
        output.WriteLine($"{WikiScript.SeedVariable}={seed}");
        await using var living = await LivingWiki.StartAsync(database, seed, serverReadsTables);
        await using (var follower = follow(living))
        {
            var changed = new HashSet<string>();
            var steps = living.Script.Steps();
            foreach (var (at, step) in steps.Index())
            {
                await WikiContents.NextSecondAsync();
                try
                {
                    await step.DoAsync();
                    changed.UnionWith(step.Names);
                    await CheckWikiAsync(living, step.Names, isFollowed: false);
                    if ((at + 1) % follower.Every != 0 && at + 1 < steps.Count)
                    {
                        continue;
                    }

                    if (!follower.IsAlone)
                    {
                        await living.Store.CheckShownAsync(step.IsComeback ? step.Names : []);
                    }

                    await living.WriteTablesAsync();
                    await follower.FollowAsync(changed, living.Store.CheckRowsAsync);
                    await CheckWikiAsync(living, changed, isFollowed: true);
                    await living.Store.CheckServerAsync();
                    changed.Clear();
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{WikiScript.SeedVariable}={seed}, step {at + 1}, {step.What}: {exception.Message}", exception);
                }
            }

            await follower.StopAsync();
        }

        await EndAsync(living);
    }

    /// <summary>The store is sound, and without it the wiki has everything.</summary>
    private static async Task EndAsync(LivingWiki living)
    {
        Assert.Equal(0, await living.Server.StopAsync());
        foreach (var arguments in new[] { "verify --root", "fsck --full --root", "undo --root" })
        {
            var verb = await MigrateRun.StartAsync([.. arguments.Split(' '), living.Wiki.Images]);
            Assert.True((verb.Exit, verb.Error) == (0, ""), $"{arguments}: {verb}");
        }

        await living.Answers.CheckAsync(living.Answers.Names, isFollowed: true);
        Assert.DoesNotContain(TreeManifest.Read(living.Wiki.Images).Entries, entry => entry.Kind == TreeEntryKind.Link);
    }

    private static async Task CheckWikiAsync(LivingWiki living, IEnumerable<string> changed, bool isFollowed)
    {
        await living.Answers.CheckAsync(changed, isFollowed);
        living.Answers.CheckLinks(isFollowed, living.Options.Paths.State);
    }
}

[Collection(WikiCollections.Sqlite)]
public sealed class SqliteLivingWikiTests(ITestOutputHelper output) : LivingWikiTests(output)
{
    [NeedsFact(Needs.MediaWiki)]
    public Task A_server_that_is_asked_to_look_follows() => LiveAsync(WikiDatabase.Sqlite, living => new AskedServer(living), serverReadsTables: true);

    [NeedsFact(Needs.MediaWiki)]
    public Task A_watcher_follows() => LiveAsync(WikiDatabase.Sqlite, living => new Watcher(living), serverReadsTables: false);
}

[Collection(WikiCollections.MariaDb)]
public sealed class MariaDbLivingWikiTests(ITestOutputHelper output) : LivingWikiTests(output)
{
    [NeedsFact(Needs.MediaWiki)]
    public Task A_further_run_follows() => LiveAsync(WikiDatabase.MariaDb, living => new FurtherRun(living), serverReadsTables: false);
}
