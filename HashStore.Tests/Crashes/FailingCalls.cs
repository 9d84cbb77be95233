using HashStore.Storage.Durability;

namespace HashStore.Tests.Crashes;

/// <summary>Counts the calls that change a folder, and lets one of them fail.</summary>
internal sealed class FailingCalls : IFileCallObserver, IDisposable
{
    private readonly IDisposable registration;
    private readonly int failing, errno;
    private readonly Func<FileCall, bool>? spared;
    private int calls;

    /// <summary>Lets a call fail from now on.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="failing">Its number, from 1.</param>
    /// <param name="errno">With what.</param>
    /// <param name="spared">Calls that do not fail.</param>
    internal FailingCalls(string folder, int failing, int errno, Func<FileCall, bool>? spared = null)
    {
        (this.failing, this.errno, this.spared) = (failing, errno, spared);
        registration = FileCalls.Observe(folder, this);
    }

    /// <summary>The call that failed; null: there were fewer calls.</summary>
    internal FileCall? Failed { get; private set; }

    public int Before(in FileCall call)
    {
        if (Interlocked.Increment(ref calls) != failing)
        {
            return 0;
        }

        Failed = call;
        if (spared?.Invoke(call) == true)
        {
            return 0;
        }

        if (errno == Posix.Enoent && call.Kind == FileCallKind.Unlink)
        {
            File.Delete(call.Path); // the call fails so only where somebody else was faster
        }

        return errno;
    }

    public void After(in FileCall call)
    {
    }

    public void Dispose() => registration.Dispose();
}
