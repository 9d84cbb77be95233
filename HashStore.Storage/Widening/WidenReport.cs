using HashStore.Schema;

namespace HashStore.Storage.Widening;

/// <summary>What is asked of a change of the length of the keys.</summary>
internal sealed record WidenOptions
{
    /// <summary>The length that keys shall have; null: take an unfinished change back.</summary>
    internal int? Bits { get; init; }

    /// <summary>Only say what would be done.</summary>
    internal bool DryRun { get; init; }

    /// <summary>Bytes that may be read a second; 0: no limit.</summary>
    internal long BytesPerSecond { get; init; }
}

/// <summary>How a change of the length of the keys is going.</summary>
internal interface IWidenListener
{
    /// <summary>It has begun, or goes on.</summary>
    void Begun(int from, int to, bool isResumed);

    /// <summary>So many objects are done, of so many; so many bytes were read.</summary>
    void Progress(long objects, long total, long bytes);

    /// <summary>An object could not get its key, and keeps the one that it has.</summary>
    void Left(ContentKey key, string reason);
}

/// <summary>The outcome.</summary>
/// <param name="From">The length of the keys before.</param>
/// <param name="To">Their length now.</param>
/// <param name="Changed">Objects that got another key; with a dry run, those that would.</param>
/// <param name="Already">Objects that had it.</param>
/// <param name="Left">Objects that keep their key.</param>
/// <param name="Bytes">Bytes that were read.</param>
/// <param name="IsFinished">Whether all objects have keys of that length, so that nothing is left to be done and nothing can be undone.</param>
internal sealed record WidenResult(int From, int To, long Changed, long Already, long Left, long Bytes, bool IsFinished);
