using HashStore.Tests.Http.Support;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>A server that is killed and started again: whoever wants to ask it waits for the one that lives now.</summary>
internal sealed class ServerSlot(string root, string[] switches) : IAsyncDisposable
{
    private readonly List<ServerProcess> dead = [];
    private volatile TaskCompletionSource<ServerProcess> current = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The living one.</summary>
    internal Task<ServerProcess> Living => current.Task;

    /// <summary>Starts the first one, or another after <see cref="KillAsync"/>.</summary>
    internal async Task StartAsync()
    {
        try
        {
            current.SetResult(await ServerProcess.StartAsync(root, switches));
        }
        catch (Exception exception)
        {
            current.TrySetException(exception);
            throw;
        }
    }

    /// <summary>SIGKILL; from now on everybody waits for the next one.</summary>
    internal async Task KillAsync()
    {
        var victim = await current.Task;
        current = new TaskCompletionSource<ServerProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        dead.Add(victim); // its client may be in use
        await victim.KillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in current.Task.IsCompletedSuccessfully ? dead.Append(await current.Task) : dead)
        {
            await server.DisposeAsync();
        }
    }
}
