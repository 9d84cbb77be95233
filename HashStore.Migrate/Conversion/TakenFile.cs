using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Staging;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Migrate.Conversion;

/// <summary>How taking a legacy file went.</summary>
internal enum TakeResult
{
    /// <summary>Not yet tried.</summary>
    None,

    /// <summary>Its bytes are staged and known.</summary>
    Taken,

    /// <summary>It is not there any more.</summary>
    Vanished,

    /// <summary>Somebody writes to it or has replaced it: to be looked at again.</summary>
    Busy,

    /// <summary>It cannot be taken.</summary>
    Failed,
}

/// <summary>A legacy file on its way into the store. While it lives its lease holds, where it has one.</summary>
internal sealed class TakenFile(LedgerRow row) : IDisposable
{
    /// <summary>Kept open where the bytes were copied instead of linked; else the staged file has it.</summary>
    private SafeFileHandle? own;

    /// <summary>What the ledger says of it.</summary>
    internal LedgerRow Row => row;

    internal TakeResult Result { get; private set; }

    /// <summary>Why it was not taken.</summary>
    internal string? Problem { get; private set; }

    /// <summary>The file as it was when its bytes were read.</summary>
    internal FileStat Stat { get; private set; }

    /// <summary>Its bytes, staged.</summary>
    internal StagedFile? Staged { get; private set; }

    /// <summary>What is known of them.</summary>
    internal ContentFacts? Facts { get; private set; }

    /// <summary>Whether a lease guards it.</summary>
    internal bool IsLeased { get; private set; }

    /// <summary>The open file.</summary>
    internal SafeFileHandle? Handle => own ?? Staged?.Handle;

    /// <summary>Whether nobody has asked to write to it since it was read.</summary>
    internal bool IsUnwritten => !IsLeased || (Handle is { } handle && Posix.HasLease(handle));

    internal void Take(StagedFile staged, ContentFacts facts, FileStat stat, bool leased, SafeFileHandle? copied)
    {
        (Staged, Facts, Stat, IsLeased, own) = (staged, facts, stat, leased, copied);
        Result = TakeResult.Taken;
    }

    internal void Refuse(TakeResult result, string problem) => (Result, Problem) = (result, problem);

    /// <summary>Gives a file that was not converted its mode and owner back.</summary>
    internal void PutBack()
    {
        if (Handle is { IsInvalid: false, IsClosed: false } handle && own is null)
        {
            Posix.SetMode(handle, row.Mode & FileStat.PermissionMask);
            if (FileStat.Of(handle).Owner != row.Owner)
            {
                Posix.SetOwner(handle, row.Owner, row.Group);
            }
        }
    }

    public void Dispose()
    {
        Staged?.Dispose();
        own?.Dispose();
    }
}
