// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title The governors of a consortium
/// @notice M of N governors decide; every other owned contract obeys only this one. A decision is a proposal: a list of
/// calls that runs as a whole or not at all. The council changes itself only by calling itself.
///
/// A proposal's life:
///
///     None --propose--> Open --execute--> Executed      final
///                       Open --cancel by N - M + 1--> Cancelled      final
///                        |
///                        +-- expiresAt --> Open but expired: can be neither approved nor executed
///
/// A proposal is decided when the approvals reach the threshold. It waits from then on, as long as its slowest call:
///
///     Give         gives power                                            the delay for giving (3 days by default)
///     Change       changes the council, its threshold or a delay          the delay for changing (7 days by default)
///     Take         takes power                                            none
///     TakeOne      takes, and several at once would give power to         none; the second within the delay for giving,
///                  those who are left (a validator)                       or in one proposal, waits as Give
///     TakeForward  takes from the time in the second argument on          none; if that is before now, as Give (0 is now)
///     TakeIfTrue   takes if the first argument is true                    none; if it is false, as Give
///     Unknown      every call without a rule                              the longest delay
///
/// The rules go by target and selector and are set at founding. Calls of the council to itself are Change whatever the
/// rules say: adding a governor and removing one as well. Approvals, delays, rules and threshold are those at execution.
///
/// Votes belong to a digest of chain, council, number and calls, and to the governor's current term of office. Who is
/// removed no longer counts, and does not count again when added back later. A governor has one vote a proposal: none,
/// approve or cancel. It sends the vote itself, or signs it for anyone to send (EIP-712 `Ballot`, domain "Credence",
/// version "1"); an approval names the governor's counter, which goes up with every vote taken back, every vote to cancel
/// and every new term, so that an old signed approval says nothing any more.
///
/// All of several governors as the threshold is refused, since one lost key would end the council, unless a recovery quorum
/// is named: so many approvals suffice, 90 days after there were so many, for calls of the council to itself. In these 90
/// days N - M + 1 governors can cancel them.
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0, 1  unused fallbacks of the EIP-712 domain's name and version
///     slot 2     threshold (bits 0-31), recovery quorum (32-63; 0: none), delay for giving (64-127), delay for changing
///                (128-191), time of the last TakeOne (192-255)
///     slot 3     address[] governors
///     slot 4     uint256 number of terms begun
///     slot 5     mapping(address governor => Seat), at governor . 5: term (bits 0-63; 0: not a governor), counter (64-127)
///     slot 6     uint256 number of proposals
///     slot 7     mapping(uint256 number => Proposal), at p = number . 7
///                p + 0: state (bits 0-7), openedAt (8-47), expiresAt (48-87), proposer (88-247)
///                p + 1: decidedAt (bits 0-39), secondedAt (40-79); 0: never
///                p + 2: digest     p + 3: Call[]
///     slot 8     mapping(bytes32 digest => mapping(address governor => Vote)), at governor . (digest . 8):
///                term (bits 0-63), choice (64-71)
///     slot 9     mapping(address target => mapping(bytes4 selector => Class)), at selector . (target . 9)
interface ICouncil {
    /// @notice None: no such number. Open: may be voted on and, in time, executed. Executed, Cancelled: final.
    enum State {
        None,
        Open,
        Executed,
        Cancelled
    }

    /// @notice How long a call waits; see above.
    enum Class {
        Unknown,
        Give,
        Change,
        Take,
        TakeOne,
        TakeForward,
        TakeIfTrue
    }

    /// @notice A governor's vote. None takes back what was there.
    enum Choice {
        None,
        Approve,
        Cancel
    }

    /// @notice One call that the council makes. No value is ever sent along.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice In seconds, at most 30 days each.
    struct Delays {
        uint64 give;
        uint64 change;
    }

    /// @notice The class of one function of one contract.
    struct Rule {
        address target;
        bytes4 selector;
        Class class;
    }

    /// @notice A vote that its governor signs and anyone sends.
    struct Ballot {
        address governor;
        uint256 number;
        bytes32 digest;
        Choice choice;
        uint64 counter;
    }

    /// @notice A governor took office: its `term`-th of all, with this counter.
    /// @dev Invariant: between this and GovernorRemoved the address may propose, vote and execute.
    event GovernorAdded(address indexed governor, uint64 term, uint64 counter);

    /// @notice A governor left office; the last of the list takes its place there.
    /// @dev Invariant: from here on none of the governor's earlier votes counts.
    event GovernorRemoved(address indexed governor);

    /// @notice How many governors must approve from now on, for open proposals too, and how many suffice after 90 days.
    /// @dev Invariant, after every transaction: 1 <= threshold <= number of governors; recovery < threshold; where all of
    /// several governors must approve, recovery is not zero.
    event ThresholdChanged(uint256 threshold, uint256 recovery);

    /// @notice The delays from now on, for open proposals too.
    event DelaysChanged(uint64 give, uint64 change);

    /// @notice The class of calls of this function of this contract from now on.
    event RuleChanged(address indexed target, bytes4 indexed selector, Class class);

    /// @notice A call of class TakeOne was made; the next one waits until the delay for giving has passed.
    event OneTaken(uint64 takenAt);

    /// @notice A proposal was opened; the proposer's approval follows in its own event.
    /// @dev Invariant: numbers count up from 1 without a gap; the calls of a number never change.
    event ProposalOpened(
        uint256 indexed number,
        address indexed proposer,
        bytes32 digest,
        uint64 openedAt,
        uint64 expiresAt,
        Call[] calls
    );

    /// @notice A governor approved.
    event ProposalApproved(uint256 indexed number, address indexed governor, bytes32 digest);

    /// @notice The approvals reached the threshold; the delay begins. The last event counts.
    event ProposalDecided(uint256 indexed number, uint64 decidedAt);

    /// @notice The approvals reached the recovery quorum; the 90 days begin. The last event counts.
    event ProposalSeconded(uint256 indexed number, uint64 secondedAt);

    /// @notice A governor took back its vote, and has this counter now.
    event ProposalDisapproved(
        uint256 indexed number, address indexed governor, bytes32 digest, uint64 counter
    );

    /// @notice A governor voted to cancel, which also takes back its approval, and has this counter now.
    event ProposalOpposed(uint256 indexed number, address indexed governor, bytes32 digest, uint64 counter);

    /// @notice Enough governors voted to cancel, this one last.
    /// @dev Invariant: at most one of ProposalExecuted and ProposalCancelled for a number, and nothing after it.
    event ProposalCancelled(uint256 indexed number, address indexed governor);

    /// @notice All the calls of a proposal were made, and succeeded.
    /// @dev Invariant: at most once for a number, at or before its expiresAt and not before it was ready. Events of the
    /// calls come after this one.
    event ProposalExecuted(uint256 indexed number, address indexed governor);

    /// @notice Neither the zero address nor the council itself can govern.
    error GovernorInvalid(address governor);
    /// @notice The address is a governor already.
    error GovernorExists(address governor);
    /// @notice The address is not a governor.
    error GovernorUnknown(address account);
    /// @notice The council is full.
    error GovernorLimitReached(uint256 limit);
    /// @notice The vote was meant for another time: the governor has taken back a vote, or begun a term, since.
    error GovernorCounterWrong(address governor, uint64 given, uint64 counter);
    /// @notice Only a proposal of the council itself can do this.
    error CouncilOnlyItself(address caller);
    /// @notice The threshold would be zero or above the number of governors, or not above the recovery quorum.
    error CouncilThresholdInvalid(uint256 threshold, uint256 recovery, uint256 governors);
    /// @notice All of several governors would have to approve, and one lost key would end the council.
    error CouncilUnanimityWithoutRecovery(uint256 governors);
    /// @notice A delay is at most 30 days.
    error CouncilDelayTooLong(uint64 delay, uint64 limit);
    /// @notice Calls of the council to itself have no rule: they are Change.
    error CouncilRuleInvalid(address target, bytes4 selector);
    /// @notice A target has no code: the call would succeed without doing anything.
    error CouncilTargetWithoutCode(uint256 index, address target);
    /// @notice A call reverted; `data` is its revert data, untouched.
    error CouncilCallFailed(uint256 index, bytes data);
    /// @notice There is no proposal of this number.
    error ProposalUnknown(uint256 number);
    /// @notice The proposal has been executed or cancelled.
    error ProposalNotOpen(uint256 number, State state);
    /// @notice The proposal's time is over.
    error ProposalExpired(uint256 number, uint64 expiresAt);
    /// @notice The vote names other calls than the proposal's.
    error ProposalDigestWrong(uint256 number, bytes32 given, bytes32 digest);
    /// @notice The governor has approved in this term.
    error ProposalAlreadyApproved(uint256 number, address governor);
    /// @notice The governor has voted to cancel in this term.
    error ProposalAlreadyOpposed(uint256 number, address governor);
    /// @notice The governor has no vote to take back.
    error ProposalNotVoted(uint256 number, address governor);
    /// @notice Too few current governors have approved.
    error ProposalLacksApprovals(uint256 number, uint256 approvals, uint256 threshold);
    /// @notice The delay is not over.
    error ProposalEarly(uint256 number, uint64 readyAt);
    /// @notice So many current governors have voted to cancel that it cannot be executed.
    error ProposalBlocked(uint256 number, uint256 opposed, uint256 needed);
    /// @notice A proposal has 1 to 64 calls.
    error ProposalCallCountInvalid(uint256 count);

    /// @notice Opens a proposal and counts the proposer's approval. Governors only: what is proposed stays for ever.
    function propose(Call[] calldata calls_) external returns (uint256 number);

    /// @notice Approves an open proposal of this digest. Governors only.
    function approve(uint256 number, bytes32 digest, uint64 counter) external;

    /// @notice Takes back the caller's vote. Governors only.
    function disapprove(uint256 number) external;

    /// @notice Votes to cancel; the proposal is cancelled once N - M + 1 current governors, without whom it could not be
    /// decided, have. Governors only.
    function cancel(uint256 number) external;

    /// @notice Does what a governor signed: approve, disapprove or cancel. Anyone may call; the counter is the governor's.
    function cast(Ballot calldata ballot, bytes calldata signature) external;

    /// @notice Makes the calls in their order, once the proposal is decided and its delay is over. Governors only.
    function execute(uint256 number) external;

    /// @notice Opens and executes at once; works where the threshold is 1 and no call waits. Governors only.
    function proposeAndExecute(Call[] calldata calls_) external returns (uint256 number);

    /// @notice Adds a governor. The council itself only.
    function addGovernor(address governor) external;

    /// @notice Removes a governor; refused when fewer than the threshold would remain, or just so many of several without a
    /// recovery quorum. The council itself only.
    function removeGovernor(address governor) external;

    /// @notice Sets how many must approve, and how many suffice after 90 days (0: never fewer). The council itself only.
    function setThreshold(uint256 threshold_, uint256 recovery_) external;

    /// @notice Sets the delays. The council itself only.
    function setDelays(uint64 give, uint64 change) external;

    /// @notice Sets the class of a function of another contract, for contracts that come later. The council itself only.
    function setRule(address target, bytes4 selector, Class class) external;

    /// @notice How many current governors must approve.
    function threshold() external view returns (uint256);

    /// @notice How many suffice after 90 days, for calls of the council to itself; zero: never fewer than the threshold.
    function recoveryQuorum() external view returns (uint256);

    /// @notice The delays in force.
    function delays() external view returns (uint64 give, uint64 change);

    /// @notice The class of calls of this function of this contract.
    function classOf(address target, bytes4 selector) external view returns (Class);

    /// @notice How long these calls would wait if they were decided now.
    function waitOf(Call[] calldata calls_) external view returns (uint64);

    /// @notice When the proposal may be executed, as things stand; zero while too few have approved.
    function readyAt(uint256 number) external view returns (uint64);

    /// @notice The current governors; their order changes only by removals.
    function governors() external view returns (address[] memory);

    /// @notice Whether the address governs now.
    function isGovernor(address account) external view returns (bool);

    /// @notice What the governor's next approval has to name.
    function counterOf(address governor) external view returns (uint64);

    /// @notice How many proposals have been opened; also the number of the latest.
    function proposalCount() external view returns (uint256);

    /// @notice A proposal; `approvals` and `opposed` count current governors only.
    function proposal(uint256 number)
        external
        view
        returns (
            State state,
            uint64 openedAt,
            uint64 expiresAt,
            address proposer,
            bytes32 digest,
            uint256 approvals,
            uint256 opposed
        );

    /// @notice The calls of a proposal.
    function calls(uint256 number) external view returns (Call[] memory);

    /// @notice The governor's vote on this proposal, as it counts now.
    function voteOf(uint256 number, address governor) external view returns (Choice);

    /// @notice keccak256(abi.encode(chain id, this council, number, calls)): what a vote belongs to.
    function callsDigest(uint256 number, Call[] calldata calls_) external view returns (bytes32);

    /// @notice The EIP-712 digest that a governor signs for a vote.
    function ballotDigest(Ballot calldata ballot) external view returns (bytes32);
}
