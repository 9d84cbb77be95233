using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;
using Xunit.Sdk;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A way in which HashStore learns what a wiki did.</summary>
/// <param name="living">The wiki.</param>
internal abstract class WikiFollower(LivingWiki living) : IAsyncDisposable
{
    private protected LivingWiki Living => living;

    /// <summary>After how many steps of the wiki it follows.</summary>
    internal virtual int Every => 1;

    /// <summary>Whether nothing but this way may tell HashStore of changes before it has followed: a request to the server would.</summary>
    internal virtual bool IsAlone => true;

    /// <summary>Follows, and then checks.</summary>
    /// <param name="names">The names that something happened to.</param>
    /// <param name="checkAsync">Throws as long as HashStore does not know everything.</param>
    internal abstract Task FollowAsync(IReadOnlyCollection<string> names, Func<Task> checkAsync);

    /// <summary>Ends in good order, if there is something to end.</summary>
    internal virtual Task StopAsync() => Task.CompletedTask;

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The server is asked to look at each name.</summary>
internal sealed class AskedServer(LivingWiki living) : WikiFollower(living)
{
    internal override bool IsAlone => false;

    internal override async Task FollowAsync(IReadOnlyCollection<string> names, Func<Task> checkAsync)
    {
        foreach (var name in names)
        {
            var answer = await Living.Server.Client.PostAsync($"/api/files/{Uri.EscapeDataString(name)}/reconcile");
            Assert.True(answer.Status is 200 or 204, $"reconcile of {name}: {answer.Status} {answer.Text}");
        }

        await checkAsync();
    }
}

/// <summary>The conversion is run again.</summary>
internal sealed class FurtherRun(LivingWiki living) : WikiFollower(living)
{
    internal override int Every => 2;

    internal override async Task FollowAsync(IReadOnlyCollection<string> names, Func<Task> checkAsync)
    {
        var run = await MigrateRun.StartAsync("run", "--root", Living.Wiki.Images, "--tables", Living.Tables);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        await checkAsync();
    }
}

/// <summary>A process watches the tree and the tables.</summary>
internal sealed class Watcher(LivingWiki living) : WikiFollower(living)
{
    private readonly MigrateProcess watch = new("watch", "--root", living.Wiki.Images, "--tables", living.Tables, "--reconcile", "5s");

    internal override int Every => 4;

    internal override async Task FollowAsync(IReadOnlyCollection<string> names, Func<Task> checkAsync)
    {
        XunitException? last = null;
        try
        {
            await Until.TrueAsync("the watcher has followed", async () =>
            {
                try
                {
                    await checkAsync();
                    return true;
                }
                catch (XunitException exception)
                {
                    last = exception;
                    return false;
                }
            });
        }
        catch (TimeoutException) when (last is not null)
        {
            throw new XunitException($"The watcher does not follow: {last.Message}{(watch.HasExited ? (await watch.EndAsync()).ToString() : "")}");
        }
    }

    /// <summary>As Ctrl-C does.</summary>
    internal override async Task StopAsync()
    {
        watch.Interrupt();
        var ended = await watch.EndAsync();
        Assert.True(ended.Exit == 130, ended.ToString());
    }

    public override ValueTask DisposeAsync()
    {
        watch.Dispose();
        return base.DisposeAsync();
    }
}
