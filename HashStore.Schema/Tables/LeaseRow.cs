namespace HashStore.Schema.Tables;

/// <summary>What a lease is about. The numbers are stored: do not reorder.</summary>
public enum LeaseKind : byte
{
    /// <summary>The conversion of the names from <see cref="LeaseRow.From"/> to <see cref="LeaseRow.To"/>.</summary>
    Names = 0,

    /// <summary>The walk over the whole legacy tree.</summary>
    Tree = 1,

    /// <summary>The servers' check of all bytes.</summary>
    Scrub = 2,

    /// <summary>The change of the length of the keys.</summary>
    Widen = 3,
}

/// <summary>Work that only one process may do at a time, and who does it (table <c>lease</c>). A row goes when the work is done; one that a dead process left is taken away by whoever wants its work.</summary>
public sealed class LeaseRow
{
    /// <summary>Number of the row.</summary>
    public long Id { get; set; }

    /// <summary>What it is about.</summary>
    public LeaseKind Kind { get; set; }

    /// <summary>The first <see cref="LegacyNames.HashOf"/> that it covers.</summary>
    public long From { get; set; }

    /// <summary>The last one.</summary>
    public long To { get; set; }

    /// <summary>The process: boot, PID namespace, PID and start time (docs/FORMAT.md).</summary>
    public string Holder { get; set; } = "";

    /// <summary>UTC, in milliseconds since 1970: until then it holds, whatever becomes of the process.</summary>
    public long Expires { get; set; }
}
