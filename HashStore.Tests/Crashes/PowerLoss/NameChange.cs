namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>One call that changed names: it survives whole or not at all, as a journal keeps it.</summary>
/// <param name="Effects">In which folder which name got which node; null: the name went.</param>
internal sealed record NameChange(params (DiskNode Folder, string Name, DiskNode? Node)[] Effects)
{
    /// <summary>Whether a folder of it was synced after it.</summary>
    internal bool IsDurable { get; set; }
}
